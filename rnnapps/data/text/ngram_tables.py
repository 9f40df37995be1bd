"""Tables of n-grams, by which `rnnapps.decoding` scores texts while it searches for them.

The fields of a table are arguments of the scorer of its name: `CharacterModel(**tables._asdict())`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnapps.data.text.kneser_ney import KneserNey

END = 0  # before and behind a text; in its place CTC has the blank, which no text has
MOST_ENTRIES = 10_000_000  # of a table of characters, 8 bytes each


class CharacterTables(NamedTuple):
    """N-grams of characters as an automaton: a state for each context."""

    log_probabilities: np.ndarray
    """`(states, classes)`, float32: that of each character in each state; of class 0, of the end."""

    following: np.ndarray
    """`(states, classes)`, int32: the state behind each character."""

    start: int
    """The state before the first character."""


class WordTables(NamedTuple):
    """Pairs of words, with W words; W stands for all others, W + 1 for a text's start and end."""

    log_probabilities: np.ndarray
    """`(W + 2,)`, float32: log P(w)."""

    backoffs: np.ndarray
    """`(W + 2,)`, float32: log of what P(w) is multiplied by behind v where the pair was not seen."""

    starts: np.ndarray
    """`(W + 3,)`, int32: where the pairs of each v begin below; behind the last its end."""

    followers: np.ndarray
    """`(pairs,)`, int32: w of each pair, ascending with one v."""

    follower_log_probabilities: np.ndarray
    """`(pairs,)`, float32: its log P(w | v)."""


def character_tables(
    texts: Sequence[np.ndarray], classes: int, order: int, most_entries: int = MOST_ENTRIES
) -> CharacterTables:
    """Interpolated Kneser-Ney n-grams of characters (see `KneserNey`), with the ends of texts.

    Args:
        texts: to learn from, ints `(time,)` each: classes from 1 on.
        classes: number of classes.
        order: characters of the longest n-gram, 1 or more.
        most_entries: states times classes. If there are more, the rarest contexts are left out, in whose
            place their ends stand.

    Raises:
        ValueError: an order below 1, or texts of other classes.
    """
    model = KneserNey([np.pad(text, 1, constant_values=END) for text in texts], classes, order)
    counts = np.sort(np.concatenate(model.counts[:order]))[::-1]
    most = max(1, most_entries // classes)
    least = counts[most] + 1 if len(counts) > most else 0  # times that a context comes to be kept

    # Contexts from short to long: each has a state, and so has its end, all but its first character.
    kept = [np.flatnonzero(count >= least) for count in model.counts[:order]]
    kept[0] = np.zeros(1, "int64")  # the empty one
    total = sum(map(len, kept))
    probabilities = np.empty((total, classes), "float32")
    following = np.zeros((total, classes), "int32")
    ends = np.zeros(total, "int32")
    states, first = np.zeros(0, "int64"), 0
    for length, (grams, level) in enumerate(zip(kept, model.levels, strict=True)):
        here = np.arange(first, first + len(grams))
        if length > 0:
            parents, characters = np.divmod(model.levels[length - 1].codes[grams], classes)
            parents = states[parents]
            if length > 1:
                ends[here] = following[ends[parents], characters]
            following[parents, characters] = here
        following[here] = following[ends[here]]
        shorter = probabilities[ends[here]] if length > 0 else 1 / classes
        probabilities[here] = level.weights[grams, None] * shorter
        states = np.full(len(model.counts[length]), -1)
        states[grams] = here
        owners, characters = np.divmod(level.codes[:-1], classes)
        owners = states[owners]
        probabilities[owners[owners >= 0], characters[owners >= 0]] += level.shares[:-1][owners >= 0]
        first += len(grams)
    return CharacterTables(np.log(probabilities), following, int(following[0, END]))


def word_tables(texts: Sequence[Sequence[str]], words: Sequence[str]) -> WordTables:
    """Interpolated Kneser-Ney pairs of words (see `KneserNey`), with the starts and ends of texts.

    Args:
        texts: to learn from, as words.
        words: the lexicon, each word once. All others in the texts are unknown ones.
    """
    numbers = {word: number for number, word in enumerate(words)}
    unknown, boundary = len(words), len(words) + 1
    vocabulary = len(words) + 2
    documents = [
        np.array([boundary, *(numbers.get(word, unknown) for word in text), boundary]) for text in texts
    ]
    single, pair = KneserNey(documents, vocabulary, 2).levels
    seen = single.codes[:-1]
    probabilities = np.full(vocabulary, single.weights[0] / vocabulary)
    probabilities[seen] += single.shares[:-1]
    weights = np.ones(vocabulary)
    weights[seen] = pair.weights[:-1]
    before, followers = np.divmod(pair.codes[:-1], vocabulary)
    before = seen[before]
    pairs = pair.shares[:-1] + weights[before] * probabilities[followers]
    return WordTables(
        log_probabilities=np.log(probabilities).astype("float32"),
        backoffs=np.log(weights).astype("float32"),
        starts=np.searchsorted(before, np.arange(vocabulary + 1)).astype("int32"),
        followers=followers.astype("int32"),
        follower_log_probabilities=np.log(pairs).astype("float32"),
    )
