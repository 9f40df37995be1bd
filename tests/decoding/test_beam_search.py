"""Beam search against the enumeration of everything, and against a plain one in NumPy."""

import time

import keras
import numpy as np
import pytest
from tiny_decoder import (
    SOURCE,
    TinyDecoder,
    all_sequences,
    counters,
    greedy_decoding,
    repeats_ngram,
    score,
    scripted,
)

from rnnapps.decoding import BeamSearch, Greedy

START, END = 1, 2


def check(found, i, expected, limit):
    """The hypotheses of source `i` are those expected: (tokens, log P, score, alignments, finished)."""
    for j, (tokens, log_probability, ranked, alignments, finished) in enumerate(expected):
        assert found.lengths[i, j] == len(tokens)
        assert found.tokens[i, j].tolist() == [*tokens] + [END] * (limit - len(tokens))
        assert found.finished[i, j] == finished
        np.testing.assert_allclose(found.log_probabilities[i, j], log_probability, rtol=1e-4)
        np.testing.assert_allclose(found.scores[i, j], ranked, rtol=1e-4)
        steps, real = np.shape(alignments)
        np.testing.assert_allclose(found.alignments[i, j, :steps, :real], alignments, atol=1e-5)
        assert not found.alignments[i, j, steps:].any()
        assert found.alignments[i, j, :, real:].max(initial=0) == 0


def enumerated(decoder, state, memory, steps, alpha, beta, ngram):
    """All hypotheses of a source, finished ones first, each part by score."""
    hypotheses = []
    for tokens, finished in all_sequences(decoder.vocabulary, END, steps):
        if repeats_ngram(tokens, ngram):
            continue
        total, now, alignments, last = 0.0, state, [], START
        for token in [*tokens, END] if finished else tokens:
            log_probabilities, now, alignment = decoder.numpy_step(last, now, memory)
            total += log_probabilities[token]
            alignments.append(alignment)
            last = token
        hypotheses.append((tokens, total, score(total, alignments, alpha, beta), alignments, finished))
    return sorted(hypotheses, key=lambda hypothesis: (not hypothesis[4], -hypothesis[2]))


@pytest.mark.parametrize(("alpha", "beta", "ngram"), [(0.0, 0.0, 0), (0.8, 0.4, 2)])
def test_a_beam_as_wide_as_everything_finds_everything(alpha, beta, ngram):
    """4 tokens, 5 steps: 121 finished hypotheses and 243 others, of which 324 candidates at the end."""
    decoder = TinyDecoder(vocabulary=4)
    state, context = decoder.inputs(2)
    search = BeamSearch(
        decoder.step,
        decoder.variables,
        start=START,
        end=END,
        max_steps=5,
        beam_width=324,
        length_penalty=alpha,
        coverage_penalty=beta,
        no_repeat_ngram=ngram,
        n_best=200,
    )
    found = search(state, context, source_mask=context[1])
    for i, source in enumerate(zip(*decoder.sources(state, context), strict=True)):
        expected = enumerated(decoder, *source, 5, alpha, beta, ngram)
        check(found, i, expected[:200], 5)
        missing = found.scores[i, len(expected) :]  # n-gram blocking leaves fewer than 200
        assert np.all(missing == -np.inf) and not found.finished[i, len(expected) :].any()
        assert not found.lengths[i, len(expected) :].any()


def searched(decoder, state, memory, width, n_best, start, limit, alpha, beta, ngram):
    """Beam search of one source, without an early stop, as plainly as it can be written."""
    live, finished = [((), 0.0, state, [])], []
    for _ in range(limit):
        candidates = []
        for tokens, total, now, alignments in live:
            last = tokens[-1] if tokens else start
            log_probabilities, new, alignment = decoder.numpy_step(last, now, memory)
            for token in range(decoder.vocabulary):
                if token == END or not repeats_ngram((*tokens, token), ngram):
                    grown = total + log_probabilities[token]
                    candidates.append(((*tokens, token), grown, new, [*alignments, alignment]))
        candidates.sort(key=lambda candidate: -candidate[1])
        finished += [candidate for candidate in candidates[:width] if candidate[0][-1] == END]
        live = [candidate for candidate in candidates[: 2 * width] if candidate[0][-1] != END][:width]
    hypotheses = [(t[:-1], p, score(p, a, alpha, beta), a, True) for t, p, _, a in finished]
    hypotheses.sort(key=lambda hypothesis: -hypothesis[2])
    others = [(t, p, score(p, a, alpha, beta), a, False) for t, p, _, a in live]
    others.sort(key=lambda hypothesis: -hypothesis[2])
    return [*hypotheses, *others][:n_best]


@pytest.mark.parametrize(("alpha", "beta", "ngram"), [(1.0, 0.4, 0), (1.5, 0.2, 2)])
def test_a_narrow_beam_is_that_of_a_plain_search(alpha, beta, ngram):
    """Which has no early stop; with limits and starts of each source."""
    decoder, batch, steps = TinyDecoder(vocabulary=7, seed=2), 12, 8
    state, context = decoder.inputs(batch)
    starts = np.arange(batch, dtype="int32") % 7
    limits = np.array([8, 5, 1, 20] * 3, "int32")
    search = BeamSearch(
        decoder.step,
        decoder.variables,
        start=START,
        end=END,
        max_steps=steps,
        beam_width=3,
        length_penalty=alpha,
        coverage_penalty=beta,
        no_repeat_ngram=ngram,
        n_best=2,
    )
    found = search(state, context, start=starts, limits=limits, source_mask=context[1])
    states, memories = decoder.sources(state, context)
    for i in range(batch):
        limit = min(limits[i], steps)
        args = (states[i], memories[i], 3, 2, starts[i], limit, alpha, beta, ngram)
        check(found, i, searched(decoder, *args), steps)
    assert 0 < found.finished.mean() < 1  # both kinds were seen


def test_a_beam_of_one_is_greedy():
    decoder, options, arguments, limits, greedy = greedy_decoding()
    beam = BeamSearch(decoder.step, decoder.variables, **options, beam_width=1)(
        *arguments, limits=limits
    )
    assert greedy.state is None and beam.state is None
    for one, other in zip(greedy[:-1], beam[:-1], strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert greedy.alignments.shape == (12, 1, 8, SOURCE)
    assert 0 < greedy.finished.mean() < 1


def test_stops_when_nothing_better_can_come():
    """Where many steps are allowed, a search that needs three of them takes a fraction of the time."""
    steps = 200 if keras.backend.backend() == "torch" else 5000
    search = BeamSearch(
        scripted, [], start=START, end=END, max_steps=steps, beam_width=2, length_penalty=1.0
    )
    table = np.full((1, 3, 4), -30.0, "float32")
    table[:, :2, 0] = table[:, 2, END] = 0
    never = np.where(np.arange(4) == END, -np.inf, table).astype("float32")

    def seconds(table):
        began = time.perf_counter()
        found = search(counters(1), table)
        return time.perf_counter() - began, found

    slow, found = min((seconds(never) for _ in range(2)), key=lambda pair: pair[0])
    assert not found.finished[0, 0] and found.lengths[0, 0] == steps
    fast, found = min((seconds(table) for _ in range(3)), key=lambda pair: pair[0])
    assert found.finished[0, 0] and found.tokens[0, 0, :3].tolist() == [0, 0, END]
    assert fast < slow / 5


def test_does_not_stop_while_a_longer_one_can_win():
    """The end comes first with log P = -1; ten tokens at -1.15 in all score more, as -1.15 * 6 / 16."""
    table = np.full((1, 11, 3), -np.inf, "float32")
    table[0, 0, [0, END]] = np.log([1 - np.exp(-1), np.exp(-1)])
    table[0, 1:10, 0], table[0, 10, END] = 0, 0
    table[0, 1, [0, 1]] = np.log([0.5, 0.5])
    search = BeamSearch(
        scripted, [], start=START, end=END, max_steps=12, beam_width=2, length_penalty=1.0
    )
    found = search(counters(1), table)
    assert found.lengths.item() == 10 and found.finished.all()
    total = np.log((1 - np.exp(-1)) / 2)
    np.testing.assert_allclose(found.log_probabilities, total, rtol=1e-5)
    np.testing.assert_allclose(found.scores, total * 6 / 16, rtol=1e-5)


def test_a_vocabulary_smaller_than_the_beam():
    """Of two tokens there are three hypotheses in two steps; the fourth place stays empty."""
    search = BeamSearch(scripted, [], start=0, end=1, max_steps=2, beam_width=5, n_best=4)
    found = search(counters(1), np.log([[[0.6, 0.4]]]).astype("float32"))
    assert found.tokens[0].tolist() == [[1, 1], [0, 1], [0, 0], [1, 1]]
    assert found.lengths[0].tolist() == [0, 1, 2, 0]
    assert found.finished[0].tolist() == [True, True, False, False]
    np.testing.assert_allclose(np.exp(found.scores[0]), [0.4, 0.24, 0.36, 0], rtol=1e-5)
    assert found.alignments is None


def test_impossible_tokens_and_half_precision():
    """Logits of -inf, a source where nothing is possible, float16: scores are float32, never NaN."""
    table = np.array([[[1.0, -np.inf, 0.5]], [[-np.inf] * 3]], "float16")
    options = {"start": 0, "end": END, "max_steps": 3}
    for decode in (
        Greedy(scripted, [], **options),
        BeamSearch(scripted, [], **options, beam_width=2, length_penalty=1.0),
    ):
        found = decode(counters(2), table)
        assert found.scores.dtype == found.log_probabilities.dtype == "float32"
        assert not np.isnan(found.scores).any() and not np.isnan(found.log_probabilities).any()
        assert found.scores[1, 0] == -np.inf and not found.finished[1, 0]
        p = np.exp([1.0, 0.5]) / np.exp([1.0, 0.5]).sum()
        expected = np.log(p[0]) * 3 if isinstance(decode, Greedy) else np.log(p[1])
        np.testing.assert_allclose(found.log_probabilities[0, 0], expected, rtol=1e-5)
