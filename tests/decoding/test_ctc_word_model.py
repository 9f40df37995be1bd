"""The model of words against a plain one, alone and in a beam search."""

import itertools

import numpy as np
import pytest
from ctc_enumeration import all_texts, log_softmax, random_logits

from rnnapps.decoding import CharacterModel, CTCBeamSearch, WordModel

SPACE, COMMA, CLASSES = 3, 4, 5
WORDS = [(1,), (1, 2), (2, 1), (1, 1, 2)]
UNKNOWN, BOUNDARY = 4, 5
WEIGHT, BONUS, UNKNOWN_BONUS = 0.8, 0.4, -0.5


class Tables:
    """Random probabilities of words, of some pairs, and of letters."""

    def __init__(self):
        random = np.random.default_rng(0)
        self.single = np.log(random.dirichlet(np.ones(6)))
        self.backoffs = np.log(random.uniform(0.2, 1, 6))
        pairs = np.flatnonzero(random.random(36) < 0.5)
        self.pairs = dict(zip(pairs.tolist(), np.log(random.uniform(size=len(pairs))), strict=True))
        self.letters = np.log(random.dirichlet(np.ones(CLASSES), 3))
        self.following = random.integers(3, size=(3, CLASSES))

    def model(self, opened):
        pairs = np.array([*self.pairs])
        return WordModel(
            WORDS,
            log_probabilities=self.single,
            backoffs=self.backoffs,
            starts=np.searchsorted(pairs, 6 * np.arange(7)),
            followers=pairs % 6,
            follower_log_probabilities=np.array([*self.pairs.values()]),
            classes=CLASSES,
            separators=(SPACE, COMMA),
            weight=WEIGHT,
            bonus=BONUS,
            spelling=CharacterModel(self.letters, self.following, 2) if opened else None,
            unknown_bonus=UNKNOWN_BONUS,
        )

    def score(self, text, opened):
        words = [
            tuple(word)
            for separates, word in itertools.groupby(text, lambda token: token in (SPACE, COMMA))
            if not separates
        ]
        total, before = 0.0, BOUNDARY
        for word in words:
            number = WORDS.index(word) if word in WORDS else UNKNOWN
            total += WEIGHT * self.pair(before, number) + BONUS
            if number == UNKNOWN:
                total += WEIGHT * self.spelled(word) + UNKNOWN_BONUS if opened else -np.inf
            before = number
        return total + WEIGHT * self.pair(before, BOUNDARY)

    def pair(self, v, w):
        return self.pairs.get(6 * v + w, self.backoffs[v] + self.single[w])

    def spelled(self, word):
        state, total = 2, 0.0
        for token in word:
            total, state = total + self.letters[state, token], self.following[state, token]
        return total + self.letters[state, 0]


@pytest.mark.parametrize("opened", [False, True])
def test_every_text_has_its_score(opened):
    """All texts of 5 frames: words of the lexicon, their beginnings, others, separators anywhere."""
    tables = Tables()
    logits = random_logits(1, 2, 5, CLASSES)
    found = CTCBeamSearch(1000, n_best=1000, scorer=tables.model(opened))(logits)
    for i, row in enumerate(log_softmax(logits)):
        scores = {text: value + tables.score(text, opened) for text, value in all_texts(row).items()}
        possible = sum(score > -np.inf for score in scores.values())
        assert (found.scores[i] > -np.inf).sum() == possible
        assert possible == len(scores) if opened else 100 < possible < len(scores)
        for text, length, score in zip(found.tokens[i], found.lengths[i], found.scores[i], strict=True):
            if score > -np.inf:
                assert score == pytest.approx(scores[tuple(text[:length].tolist())], rel=1e-4, abs=1e-4)


def test_a_closed_lexicon_has_its_words_only():
    logits = random_logits(2, 9, 12, CLASSES)
    logits[8, 0] = np.where(np.arange(CLASSES) == 2, 0.0, -np.inf)
    logits[8, 1:] = np.where(np.arange(CLASSES) == 0, 0.0, -np.inf)  # "2" alone, which is no word
    found = CTCBeamSearch(16, scorer=Tables().model(opened=False))(logits)
    texts = ["".join(map(str, text[0][: length[0]])) for text, length in zip(*found[:2], strict=True)]
    words = {word for text in texts for word in text.replace("4", "3").split("3") if word}
    assert words <= {"1", "12", "21", "112"} and len(words) > 2
    assert (found.scores[:8] > -np.inf).all() and found.scores[8] == -np.inf and found.lengths[8] == 0


ONE_STATE = CharacterModel(np.zeros((1, CLASSES)), np.zeros((1, CLASSES), int), 0)


@pytest.mark.parametrize(
    ("spellings", "options", "message"),
    [
        ([(1,), ()], {}, r"word 1 must be tokens below `classes` that separate no words, not \[\]"),
        ([(1, SPACE)], {}, "word 0 must be tokens below `classes` that separate no words"),
        ([(1, 0)], {}, "word 0 must be tokens below"),
        ([(1, 5)], {}, "word 0 must be tokens below"),
        ([(1, 2), (1, 2)], {}, "word 1 must be another than the others"),
        ([(1,)], {"separators": [0]}, r"separators must be tokens, 1 to 4, not \[0\]"),
        ([(1,)], {"weight": -1.0}, "weight must be at least 0"),
        ([(1,)], {"classes": 6, "spelling": ONE_STATE}, "classes must be 5, as in spelling, not 6"),
        ([(1,)], {"starts": np.zeros(3, int)}, "sizes of the tables must be 3, words and 2 more"),
        (
            [(1,)],
            {"followers": np.array([0])},
            r"the numbers of pairs must be 1, as of followers, not \(0, 0\)",
        ),
    ],
)
def test_wrong_words(spellings, options, message):
    size = len(spellings) + 2
    needed = {
        "log_probabilities": np.zeros(size),
        "backoffs": np.zeros(size),
        "starts": np.zeros(size + 1, int),
        "followers": np.zeros(0, int),
        "follower_log_probabilities": np.zeros(0),
        "classes": CLASSES,
        "separators": [SPACE],
    }
    with pytest.raises(ValueError, match=message):
        WordModel(spellings, **(needed | options))


@pytest.mark.parametrize(
    ("following", "start", "message"),
    [
        (np.zeros((2, 4)), 0, r"following must be of the shape of log_probabilities, \(2, 3\)"),
        (np.full((2, 3), 2), 0, "following and start must be below 2, states"),
        (np.full((2, 3), -1), 0, "following and start must be below 2"),
        (np.zeros((2, 3)), 2, "following and start must be below 2"),
    ],
)
def test_wrong_automata(following, start, message):
    with pytest.raises(ValueError, match=message):
        CharacterModel(np.zeros((2, 3)), following, start)
