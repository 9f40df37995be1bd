"""A lexicon and the probabilities of its words for the beam search over CTC."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from rnnapps.decoding.character_model import CharacterModel
from rnnapps.decoding.ctc_scorer import CTCScorer
from rnnapps.decoding.steps import Nested, Tensor, check

ROOT = 0  # of the trie: between words


class WordModel(CTCScorer):
    """Texts of words of a lexicon, scored by bigrams.

    A text is words with separators between them, one or more. With the words w_1 to w_n, each with the
    one before it, and the text's start and end for w_0 and w_(n+1), it scores

        `weight * sum_i log P(w_i | w_(i-1)) + bonus * n`

    While a word grows, it has the probability of the likeliest word that begins so (Ortmanns et al.
    1996, "Language-model look-ahead"), which is made good at its end: so the beam sees early what a
    beginning is worth. A pair that is not in the table has P(w | v) = backoff(v) P(w).

    Without `spelling` there are no other words. With it, any other word u, too, with

        `P(u | v) = P(unknown | v) P_spelling(u)`

    and `unknown_bonus` on top. Words are numbered 0 to W - 1 as in `spellings`; W stands for all unknown
    ones, W + 1 for the text's start and end.

    Args:
        spellings: the tokens of each word; not empty, all different, without separators.
        log_probabilities: `(W + 2,)`, float: log P(w).
        backoffs: `(W + 2,)`, float: log backoff(v).
        starts: `(W + 3,)`, int: where in the next two arrays the pairs of each v begin, and where the
            last end.
        followers: `(pairs,)`, int: w of each pair; ascending with one v.
        follower_log_probabilities: `(pairs,)`, float: its log P(w | v).
        classes: number of classes, the blank included.
        separators: tokens that stand between words, such as the space and marks of punctuation.
        weight: at least 0.
        bonus: what each word adds.
        spelling: of unknown words, a model whose text is a word; None where there are none.
        unknown_bonus: what each unknown word adds besides.

    Raises:
        ValueError: an argument is wrong.
    """

    def __init__(
        self,
        spellings: Sequence[Sequence[int]],
        log_probabilities: np.ndarray,
        backoffs: np.ndarray,
        starts: np.ndarray,
        followers: np.ndarray,
        follower_log_probabilities: np.ndarray,
        *,
        classes: int,
        separators: Sequence[int],
        weight: float = 1.0,
        bonus: float = 0.0,
        spelling: CharacterModel | None = None,
        unknown_bonus: float = 0.0,
    ):
        words, pairs = len(spellings), len(followers)
        sizes = [len(log_probabilities), len(backoffs), len(starts) - 1]
        check("sizes of the tables", sizes, sizes == [words + 2] * 3, f"{words + 2}, words and 2 more")
        ends = int(starts[-1]), len(follower_log_probabilities)
        check("the numbers of pairs", ends, ends == (pairs, pairs), f"{pairs}, as of followers")
        valid = all(0 < token < classes for token in separators)
        check("separators", separators, valid, f"tokens, 1 to {classes - 1}")
        check("weight", weight, 0 <= weight < np.inf, "at least 0")
        if spelling is not None:
            check("classes", classes, classes == spelling.classes, f"{spelling.classes}, as in spelling")
        self.classes, self.unknown = classes, words
        self.weight, self.bonus, self.unknown_bonus = weight, bonus, unknown_bonus
        self.spelling = spelling

        children, ahead, words_of = _trie(spellings, log_probabilities, classes, separators)
        self.outside = len(children) - 1
        self.children = _constant(children.reshape(-1), "int32")
        self.ahead = _constant(ahead, "float32")
        self.words = _constant(words_of, "int32")
        self.probabilities = _constant(log_probabilities, "float32")
        self.backoffs = _constant(backoffs, "float32")
        self.starts = _constant(starts, "int32")
        # One more, which is looked at where there is none, and counts for nothing.
        self.followers = _constant(np.append(followers, -1), "int32")
        self.pairs = _constant(np.append(follower_log_probabilities, 0.0), "float32")
        self.halvings = int(np.diff(starts).max()).bit_length()

        # Of every v log P(unknown | v) and log P(end | v), which need no search.
        behind = np.add.outer(log_probabilities[words:], backoffs)
        before = np.repeat(np.arange(words + 2), np.diff(starts))
        for row, word in zip(behind, (words, words + 1), strict=True):
            row[before[followers == word]] = follower_log_probabilities[followers == word]
        self.unknowns, self.ends = (_constant(row, "float32") for row in behind)
        self.variables = [
            *(self.children, self.ahead, self.words, self.probabilities, self.backoffs, self.starts),
            *(self.followers, self.pairs, self.unknowns, self.ends),
            *(spelling.variables if spelling else ()),
        ]

    def start(self, batch: int) -> Nested:
        state = {
            "node": ops.full((batch, 1), ROOT, dtype="int32"),
            "previous": ops.full((batch, 1), self.unknown + 1, dtype="int32"),  # the text's start
        }
        if self.spelling is not None:  # of the word so far: its state, its score
            state["letters"] = self.spelling.start(batch)
            state["spelled"] = ops.zeros((batch, 1), "float32")
        return state

    def score(self, state: Nested, tokens: Tensor) -> Tensor:
        node = state["node"][..., None]
        child = ops.take(self.children, node * self.classes + tokens)
        ahead = ops.take(self.ahead, node)
        if self.spelling is None:
            outside = -np.inf
        else:
            # What the lexicon promised is taken back where a word leaves it.
            leaving = self._unknown(state) - self.weight * ahead[..., 0]
            outside = ops.where(node == self.outside, 0.0, leaving[..., None])
            outside = outside + self.weight * self.spelling.score(state["letters"], tokens)
        scores = self.weight * (ops.take(self.ahead, child) - ahead)
        scores = ops.where(child == self.outside, outside, scores)
        return ops.where(child == ROOT, self._closing(state)[..., None], scores)

    def advance(self, state: Nested, tokens: Tensor) -> Nested:
        node = ops.take(self.children, state["node"] * self.classes + tokens)
        separates = node == ROOT
        new = {
            "node": node,
            "previous": ops.where(separates, self._last(state), state["previous"]),
        }
        if self.spelling is not None:
            letters, spelled = state["letters"], state["spelled"]
            grown = spelled + self.spelling.score(letters, tokens[..., None])[..., 0]
            letters = self.spelling.advance(letters, tokens)
            new["letters"] = ops.where(separates, self.spelling.start(tokens.shape[0]), letters)
            new["spelled"] = ops.where(separates, 0.0, grown)
        return new

    def end(self, state: Nested) -> Tensor:
        return self._closing(state) + self.weight * ops.take(self.ends, self._last(state))

    def _last(self, state: Nested) -> Tensor:
        """The last word where the word so far ends; between words, the one before."""
        between = state["node"] == ROOT
        return ops.where(between, state["previous"], ops.take(self.words, state["node"]))

    def _closing(self, state: Nested) -> Tensor:
        """What the end of the word adds; nothing between words."""
        node = state["node"]
        word = ops.take(self.words, node)
        pair = self._log_probability(state["previous"], word) - ops.take(self.ahead, node)
        known = self.weight * pair + self.bonus
        if self.spelling is None:
            other = -np.inf
        else:
            leaving = self._unknown(state) - self.weight * ops.take(self.ahead, node)
            other = ops.where(node == self.outside, 0.0, leaving)
            other = other + self.weight * self.spelling.end(state["letters"]) + self.bonus
        return ops.where(node == ROOT, 0.0, ops.where(word == self.unknown, other, known))

    def _unknown(self, state: Nested) -> Tensor:
        """The score of an unknown word that begins as the state's word."""
        unknown = ops.take(self.unknowns, state["previous"])
        return self.weight * (unknown + state["spelled"]) + self.unknown_bonus

    def _log_probability(self, previous: Tensor, word: Tensor) -> Tensor:
        """log P(word | previous), by halving the followers of `previous` until one is left."""
        low, end = ops.take(self.starts, previous), ops.take(self.starts, previous + 1)
        high = end
        for _ in range(self.halvings):
            middle = (low + high) // 2
            # Where nothing is left, low == high, the word there is not below this one or is another's.
            below = ops.logical_and(low < high, ops.take(self.followers, middle) < word)
            low, high = ops.where(below, middle + 1, low), ops.where(below, high, middle)
        found = ops.logical_and(low < end, ops.take(self.followers, low) == word)
        backed_off = ops.take(self.backoffs, previous) + ops.take(self.probabilities, word)
        return ops.where(found, ops.take(self.pairs, low), backed_off)


def _constant(values: np.ndarray, dtype: str) -> keras.Variable:
    return keras.Variable(np.asarray(values, dtype), dtype=dtype, trainable=False)


def _trie(
    spellings: Sequence[Sequence[int]],
    log_probabilities: np.ndarray,
    classes: int,
    separators: Sequence[int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The trie of words, whose root is node 0 and whose last node is outside of it.

    Returns:
        children: `(nodes, classes)`, int32: the node behind each token.
        ahead: `(nodes,)`, float32: the log-probability of the likeliest word that goes through each; 0
            at the root and outside.
        words: `(nodes,)`, int32: the word that ends at each; where none does, the number of words.
    """
    nodes: dict[tuple[int, int], int] = {}
    ahead, words = [0.0], [len(spellings)]
    forbidden = {0, *separators}
    for word, tokens in enumerate(spellings):
        valid = len(tokens) > 0 and max(tokens) < classes and forbidden.isdisjoint(tokens)
        check(f"word {word}", list(tokens), valid, "tokens below `classes` that separate no words")
        node = ROOT
        for token in tokens:
            node = nodes.setdefault((node, token), len(words))
            if node == len(words):
                ahead.append(-np.inf)
                words.append(len(spellings))
            ahead[node] = max(ahead[node], float(log_probabilities[word]))
        check(f"word {word}", list(tokens), words[node] == len(spellings), "another than the others")
        words[node] = word
    outside = len(words)
    children = np.full((outside + 1, classes), outside, "int32")
    for (node, token), child in nodes.items():
        children[node, token] = child
    children[:, list(separators)] = ROOT
    return children, np.array([*ahead, 0.0], "float32"), np.array([*words, len(spellings)], "int32")
