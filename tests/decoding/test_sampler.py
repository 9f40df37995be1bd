"""Sampling has the frequencies of its distribution."""

from functools import partial

import keras
import numpy as np
import pytest
from scipy.stats import chisquare
from tiny_decoder import TinyDecoder, counters, greedy_decoding, scripted

from rnnapps.decoding import Greedy, Sampler

END = 5
PROBABILITIES = np.array([[0.06, 0.4, 0.1, 0.3, 0.14, 0.0], [0.2, 0.05, 0.35, 0.15, 0.25, 0.0]])


def truncated(probabilities, temperature=1.0, top_k=None, top_p=None):
    """The distribution that is to be drawn from."""
    p = probabilities ** (1 / temperature)
    p = p / p.sum()
    likeliest = np.argsort(-p)
    kept = likeliest[:top_k]
    if top_p is not None:
        so_far = np.cumsum(p[kept]) / p[kept].sum()
        kept = kept[: np.argmax(so_far >= top_p) + 1]
    result = np.zeros_like(p)
    result[kept] = p[kept] / p[kept].sum()
    return result


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.6},
        {"top_k": 3},
        {"top_p": 0.75},
        {"temperature": 1.5, "top_k": 4, "top_p": 0.6},
    ],
    ids=str,
)
def test_frequencies(options):
    """Of pairs of tokens, drawn in two steps from two distributions: 20,000 draws, chi-square."""
    sampler = Sampler(scripted, [], start=0, end=END, max_steps=2, samples=20_000, seed=7, **options)
    with np.errstate(divide="ignore"):
        found = sampler(counters(1), np.log(PROBABILITIES[None]).astype("float32"))
    pairs = np.zeros((6, 6))
    np.add.at(pairs, tuple(found.tokens[0].T), 1)
    expected = np.outer(*(truncated(p, **options) for p in PROBABILITIES))
    possible = expected > 0
    assert pairs[~possible].sum() == 0
    assert chisquare(pairs[possible], 20_000 * expected[possible]).pvalue > 0.01
    # The score is the model's probability, not that of the truncated distribution.
    own = np.log(PROBABILITIES[[0, 1], found.tokens[0]]).sum(axis=1)
    np.testing.assert_allclose(found.scores[0], own, rtol=1e-4)


def test_seeds():
    """A seed repeats, another does not and compiles nothing; samples of a source differ."""
    decoder = TinyDecoder(vocabulary=7, seed=2)
    arguments = decoder.inputs(4)
    sampler = Sampler(
        decoder.step, decoder.variables, start=1, end=2, max_steps=8, samples=3, seed=0, temperature=2.0
    )
    first = sampler(*arguments)
    traces = decoder.traces
    again, other = sampler(*arguments, seed=0), sampler(*arguments, seed=1)
    np.testing.assert_array_equal(first.tokens, again.tokens)
    assert (first.tokens != other.tokens).any()
    assert (first.tokens[:, 0] != first.tokens[:, 1]).any()
    if decoder.compiles:
        assert decoder.traces == traces


def test_top_1_is_greedy():
    decoder, options, arguments, limits, greedy = greedy_decoding()
    sampler = Sampler(decoder.step, decoder.variables, **options, top_k=1, seed=0, samples=2)
    samples = sampler(*arguments, limits=limits)
    for one, other in zip(greedy[:-1], samples[:-1], strict=True):
        np.testing.assert_allclose(np.repeat(one, 2, axis=1), other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [Greedy, partial(Sampler, top_k=1, seed=0)])
def test_decoding_goes_on_from_the_state_that_it_kept(kind):
    decoder, options, arguments, _, _ = greedy_decoding()
    state, context = arguments
    decode = kind(decoder.step, decoder.variables, **options | {"max_steps": 3}, keep_state=True)
    first = decode(state, context)
    state = keras.tree.map_structure(lambda one: one[:, 0], first.state)
    second = decode(state, context, start=first.tokens[:, 0, -1])
    whole = Greedy(decoder.step, decoder.variables, **options | {"max_steps": 6})(*arguments)
    go_on = ~first.finished[:, 0]
    assert go_on.sum() > 0
    found = np.concatenate([first.tokens, second.tokens], axis=2)
    np.testing.assert_array_equal(found[go_on], whole.tokens[go_on])


def test_where_nothing_is_possible():
    """The score is -inf, and no backend fails."""
    sampler = Sampler(scripted, [], start=0, end=2, max_steps=3, top_p=0.9, seed=0)
    table = np.array([[[0.0, -np.inf, -np.inf]], [[-np.inf] * 3]], "float16")
    found = sampler(counters(2), table)
    assert found.tokens[0, 0].tolist() == [0, 0, 0]
    assert found.scores[:, 0].tolist() == [0.0, -np.inf]
