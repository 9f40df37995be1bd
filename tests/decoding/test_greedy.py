"""Greedy decoding against the obvious loop, and what all decoders share."""

import keras
import numpy as np
from tiny_decoder import TinyDecoder, counters, scripted

from rnnapps.decoding import BeamSearch, Greedy

START, END, STEPS = 1, 2, 6


def likeliest(decoder, state, memory, start, limit):
    """Tokens, log-probability, alignments and whether it ended, of one source."""
    tokens, total, alignments, last = [], 0.0, [], start
    for _ in range(limit):
        log_probabilities, state, alignment = decoder.numpy_step(last, state, memory)
        last = int(np.argmax(log_probabilities))
        total += log_probabilities[last]
        alignments.append(alignment)
        if last == END:
            return tokens, total, alignments, True
        tokens.append(last)
    return tokens, total, alignments, False


def test_is_the_obvious_loop_with_the_weights_of_the_moment():
    """With starts and limits of each source; weights that change are seen without compiling anew."""
    decoder, batch = TinyDecoder(vocabulary=7, seed=2), 12
    state, context = decoder.inputs(batch)
    starts = np.arange(batch, dtype="int32") % 7
    limits = np.array([6, 3, 1, 9] * 3, "int32")
    greedy = Greedy(decoder.step, decoder.variables, start=START, end=END, max_steps=STEPS)

    def check():
        found = greedy(state, context, start=starts, limits=limits)
        states, memories = decoder.sources(state, context)
        for i in range(batch):
            tokens, total, alignments, finished = likeliest(
                decoder, states[i], memories[i], starts[i], min(limits[i], STEPS)
            )
            assert found.tokens[i, 0].tolist() == tokens + [END] * (STEPS - len(tokens))
            assert (found.lengths[i, 0], found.finished[i, 0]) == (len(tokens), finished)
            np.testing.assert_allclose(found.scores[i, 0], total, rtol=1e-4)
            steps, real = np.shape(alignments)
            np.testing.assert_allclose(found.alignments[i, 0, :steps, :real], alignments, atol=1e-5)
            assert not found.alignments[i, 0, steps:].any()
        assert 0 < found.finished.mean() < 1
        return found

    before = check()
    traces = decoder.traces
    decoder.weights = [weight[::-1].copy() for weight in decoder.weights]
    for variable, weight in zip(decoder.variables, decoder.weights, strict=True):
        variable.assign(weight)
    after = check()
    assert (before.tokens != after.tokens).any()
    if decoder.compiles:
        assert decoder.traces == traces
    assert after.tokens.dtype == after.lengths.dtype == "int32" and after.finished.dtype == "bool"


def test_an_end_at_the_first_step_and_one_source():
    greedy = Greedy(scripted, [], start=0, end=1, max_steps=4)
    found = greedy(counters(1), np.array([[[0.0, 2.0, 1.0]]], "float32"))
    assert found.tokens.tolist() == [[[1, 1, 1, 1]]] and found.lengths.tolist() == [[0]]
    assert found.finished.tolist() == [[True]] and found.alignments is None
    np.testing.assert_allclose(found.scores, 2 - np.log(np.exp([0, 1, 2]).sum()), rtol=1e-5)


def test_layers_of_keras_without_a_context():
    """A language model, whose state is a list as its layers have it; the context may hold None."""
    cell, head = keras.layers.GRUCell(4), keras.layers.Dense(5)
    embedding = keras.layers.Embedding(5, 3)

    def step(tokens, state, context):
        assert context == (None,)
        h, state = cell(embedding(tokens), state)
        return head(h), state, None

    for layer, features in ((embedding, None), (cell, 3), (head, 4)):
        layer.build((None, features))
    variables = [*cell.variables, *head.variables, *embedding.variables]
    greedy = Greedy(step, variables, start=0, end=1, max_steps=5)
    state = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    head.set_weights([np.zeros((4, 5)), np.array([0, 0, 0, 5, 0])])
    found = greedy([state], (None,))
    assert found.tokens.tolist() == [[[3] * 5]] * 2
    np.testing.assert_allclose(found.scores, 5 * (5 - np.log(4 + np.exp(5))), rtol=1e-5)


def test_bfloat16():
    """The state keeps its dtype; scores are sums in float32."""
    logits = np.array([0.0, -9.0, 1.0, 3.0], "float32")

    def step(tokens, state, context):
        rows = tokens.shape[0]
        logits_ = keras.ops.broadcast_to(keras.ops.convert_to_tensor(logits), (rows, 4))
        return keras.ops.cast(logits_, "bfloat16"), state + 1, None

    search = BeamSearch(step, [], start=0, end=1, max_steps=100, beam_width=1)
    found = search(keras.ops.zeros((2, 3), "bfloat16"))
    assert found.scores.dtype == "float32"
    expected = 100 * (3 - np.log(np.exp(logits.astype("float64")).sum()))
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5)
