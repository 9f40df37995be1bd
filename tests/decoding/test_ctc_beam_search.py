"""The beam search over CTC against the enumeration of all paths, and against a plain one."""

import numpy as np
import pytest
from ctc_enumeration import all_texts, log_softmax, random_logits, with_blank_frames

from rnnapps.decoding import CharacterModel, CTCBeamSearch


def character_model(seed, states, classes, weight=1.0):
    """A random automaton, and the score of a text by it."""
    random = np.random.default_rng(seed)
    scores = np.log(random.dirichlet(np.ones(classes), states))
    following = random.integers(states, size=(states, classes))

    def score(text, end):
        state, total = 1, 0.0
        for token in text:
            total, state = total + scores[state, token], following[state, token]
        return weight * (total + (scores[state, 0] if end else 0))

    return CharacterModel(scores, following, 1, weight=weight), score


def check(found, i, expected):
    """The texts of row `i` are these: text, score, log-probability; and there are no more."""
    for j, (text, score, log_probability) in enumerate(expected[: found.lengths.shape[1]]):
        assert found.tokens[i, j].tolist() == [*text] + [0] * (found.tokens.shape[2] - len(text))
        assert found.lengths[i, j] == len(text)
        np.testing.assert_allclose(found.scores[i, j], score, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.log_probabilities[i, j], log_probability, rtol=1e-4, atol=1e-4)
    assert np.all(found.scores[i, len(expected) :] == -np.inf)
    assert np.all(found.log_probabilities[i, len(expected) :] == -np.inf)
    assert not found.lengths[i, len(expected) :].any()


@pytest.mark.parametrize(("scored", "bonus"), [(False, 0.0), (True, 0.3)])
def test_a_beam_of_all_texts_is_the_enumeration(scored, bonus):
    """6 frames of 2 tokens: 37 texts, of which some in the last row cannot come."""
    logits = random_logits(0, 4, 6, 3)
    logits[1, ..., 0] += 4  # the empty text is the likeliest
    logits[3, 2, 1:] = -np.inf
    model, score = character_model(0, 4, 3, weight=0.7) if scored else (None, lambda text, end: 0.0)
    found = CTCBeamSearch(50, n_best=50, length_bonus=bonus, scorer=model)(logits)
    for i, row in enumerate(log_softmax(logits)):
        texts = {text: value for text, value in all_texts(row).items() if value > -np.inf}
        expected = [(t, p + score(t, True) + bonus * len(t), p) for t, p in texts.items()]
        check(found, i, sorted(expected, key=lambda each: -each[1]))
    assert found.lengths[1, 0] == 0 or scored
    assert (found.scores[3] > -np.inf).sum() < (found.scores[0] > -np.inf).sum()


def searched(row, width, count, bonus, score):
    """The search of one row, as plainly as it can be written; and how often a prefix came back."""
    beam, seen, back = {(): (0.0, -np.inf)}, {()}, 0
    for frame in row:
        new = {prefix: [-np.inf, -np.inf] for prefix in beam}
        best = 1 + np.argsort(-frame[1:], kind="stable")[:count]
        for prefix, (blank, token) in beam.items():
            total = np.logaddexp(blank, token)
            new[prefix][0] = np.logaddexp(new[prefix][0], total + frame[0])
            if prefix:
                new[prefix][1] = np.logaddexp(new[prefix][1], token + frame[prefix[-1]])
            for c in range(1, len(frame)):
                grown = (*prefix, c)
                if grown in beam or c in best:
                    gain = (blank if prefix[-1:] == (c,) else total) + frame[c]
                    sums = new.setdefault(grown, [-np.inf, -np.inf])
                    sums[1] = np.logaddexp(sums[1], gain)
        ranks = {p: np.logaddexp(*s) + score(p, False) + bonus * len(p) for p, s in new.items()}
        kept = sorted(ranks, key=lambda prefix: -ranks[prefix])[:width]
        back += sum(p in seen and p not in beam and any(q[:-1] == p for q in kept if q) for p in kept)
        beam = {prefix: new[prefix] for prefix in kept}
        seen |= beam.keys()
    totals = {prefix: np.logaddexp(*sums) for prefix, sums in beam.items()}
    found = [(p, value + score(p, True) + bonus * len(p), value) for p, value in totals.items()]
    return sorted(found, key=lambda each: -each[1]), back


@pytest.mark.parametrize(("scored", "count", "bonus"), [(False, None, 0.2), (True, 2, 0.5)])
def test_a_narrow_beam_is_the_plain_one(scored, count, bonus):
    logits = random_logits(3, 16, 25, 4)
    model, score = character_model(1, 5, 4) if scored else (None, lambda text, end: 0.0)
    options = {"n_best": 4, "tokens_per_step": count, "length_bonus": bonus, "scorer": model}
    found = CTCBeamSearch(8, **options)(logits)
    came_back = 0
    for i, row in enumerate(log_softmax(logits)):
        expected, back = searched(row, 8, count or 3, bonus, score)
        check(found, i, expected)
        came_back += back
    assert came_back > 0  # prefixes that left the beam and were the parents of others again


def test_frames_behind_the_end_change_nothing():
    logits = random_logits(4, 3, 8, 5)
    search = CTCBeamSearch(4, n_best=3, scorer=character_model(2, 3, 5)[0])
    for one, other in zip(search(logits), search(with_blank_frames(logits, 4)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_width": 0}, "beam_width must be at least 1, not 0"),
        ({"n_best": 3}, "n_best must be from 1 to beam_width=2, not 3"),
        ({"tokens_per_step": 0}, "tokens_per_step must be at least 1, not 0"),
        ({"length_bonus": np.nan}, "length_bonus must be finite, not nan"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        CTCBeamSearch(**({"beam_width": 2} | options))


def test_wrong_logits():
    with pytest.raises(ValueError, match="logits must be numbers, or -inf, not 'NaN or infinity'"):
        CTCBeamSearch(2)(np.full((1, 2, 3), np.nan))
    with pytest.raises(ValueError, match="classes of the logits must be 4, as scored, not 3"):
        CTCBeamSearch(2, scorer=character_model(0, 2, 4)[0])(np.zeros((1, 2, 3)))
