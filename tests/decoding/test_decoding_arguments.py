"""Wrong arguments are refused by name."""

import numpy as np
import pytest
from keras import ops
from tiny_decoder import counters, scripted

from rnnapps.decoding import BeamSearch, Greedy, Sampler

OPTIONS = {"start": 0, "end": 1, "max_steps": 3}
TABLE = np.zeros((2, 1, 4), "float32")


@pytest.mark.parametrize(
    ("decoder", "wrong", "message"),
    [
        (Greedy, {"max_steps": 0}, "max_steps must be at least 1, not 0"),
        (Sampler, {"temperature": 0.0}, "temperature must be above 0, not 0.0"),
        (Sampler, {"temperature": float("nan")}, "temperature must be above 0"),
        (Sampler, {"top_k": 0}, "top_k must be at least 1, not 0"),
        (Sampler, {"top_p": 0.0}, "top_p must be above 0 and at most 1"),
        (Sampler, {"top_p": 1.1}, "top_p must be above 0 and at most 1"),
        (Sampler, {"samples": 0}, "samples must be at least 1"),
        (Sampler, {"seed": -1}, "seed must be at least 0"),
        (BeamSearch, {"beam_width": 0}, "beam_width must be at least 1, not 0"),
        (BeamSearch, {"n_best": 4}, "n_best must be from 1 to beam_width=3, not 4"),
        (BeamSearch, {"n_best": 0}, "n_best must be from 1"),
        (BeamSearch, {"length_penalty": -0.1}, "length_penalty must be at least 0"),
        (BeamSearch, {"coverage_penalty": -0.1}, "coverage_penalty must be at least 0"),
        (BeamSearch, {"no_repeat_ngram": -1}, "no_repeat_ngram must be at least 0"),
    ],
)
def test_when_made(decoder, wrong, message):
    needed = {Greedy: {}, Sampler: {"seed": 0}, BeamSearch: {"beam_width": 3}}[decoder]
    with pytest.raises(ValueError, match=message):
        decoder(scripted, [], **(OPTIONS | needed | wrong))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"state": counters(3)}, "one first axis in common, the batch; got 2, 3"),
        ({"state": (), "context": ()}, "the batch; got no tensors"),
        ({"state": (np.int32(0),)}, "the batch; got none, 2"),
        ({"limits": np.array([1, 0])}, "limits must be at least 1, not 0"),
        ({"limits": np.array([1, 2, 3])}, "limits must be an integer, or 2 of them"),
        ({"start": np.array([0.5, 1.0])}, "start must be an integer, or 2 of them"),
    ],
)
def test_when_called(arguments, message):
    decode = Greedy(scripted, [], **OPTIONS)
    with pytest.raises(ValueError, match=message):
        decode(**({"state": counters(2), "context": TABLE} | arguments))


def test_end_is_in_the_vocabulary():
    with pytest.raises(ValueError, match="end must be a token of the step's vocabulary, 0 to 3, not 4"):
        Greedy(scripted, [], start=0, end=4, max_steps=3)(counters(2), TABLE)
    with pytest.raises(ValueError, match="the vocabulary of the step must be of at least 2 tokens"):
        BeamSearch(scripted, [], start=0, end=0, max_steps=3, beam_width=1)(counters(2), TABLE[..., :1])


def test_the_state_stays_as_it_is():
    def step(tokens, state, context):
        return ops.zeros((2, 4)), ops.cast(state, "float16"), None

    with pytest.raises(ValueError, match="step must return a state as it gets it"):
        Greedy(step, [], **OPTIONS)(np.zeros((2, 1), "float32"))


def test_coverage_needs_alignments_and_a_mask():
    search = BeamSearch(scripted, [], **OPTIONS, beam_width=2, coverage_penalty=0.1)
    with pytest.raises(ValueError, match="source_mask must be given"):
        search(counters(2), TABLE)
    with pytest.raises(
        ValueError, match="source_mask must be of the shape of the step's alignment, None"
    ):
        search(counters(2), TABLE, source_mask=np.ones((2, 3), bool))
