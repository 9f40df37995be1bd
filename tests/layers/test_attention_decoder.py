"""Teacher forcing is the step repeated, gradients included; decoding, saving, and wrong use."""

import keras
import numpy as np
import pytest
from gradients import REFERENCE, differentiate
from keras import ops

from rnnapps.decoding import BeamSearch, Greedy
from rnnapps.layers import AttentionDecoder

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(0)
BATCH, TIME, SOURCE, SIZE, VOCABULARY, UNITS = 3, 4, 5, 6, 11, 8
TOKENS = RNG.integers(1, VOCABULARY, size=(BATCH, TIME)).astype("int32")
MEMORY = RNG.normal(size=(BATCH, SOURCE, SIZE)).astype("float32")
MASK = np.arange(SOURCE) < np.array([5, 2, 1])[:, None]

KINDS = {
    "lstm": {},
    "gru, 2 layers": {"cell": "gru", "depth": 2, "attention": "multiplicative", "tie_embeddings": True},
    "normalised, gate": {"layer_norm": True, "gate": True, "depth": 2},
}


def array(tensor):
    return ops.convert_to_numpy(tensor)


def made(kind, **options):
    """A decoder with weights of which none is at its special first value."""
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, **KINDS[kind], **options)
    decoder.build(TOKENS.shape, MEMORY.shape)
    rng = np.random.default_rng(1)
    decoder.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in decoder.weights])
    return decoder


def loss_of(logits, alignments):
    rng = np.random.default_rng(2)
    given = [
        ops.convert_to_tensor(rng.normal(size=part.shape), "float32") for part in (logits, alignments)
    ]
    return ops.sum(logits * given[0]) + ops.sum(alignments * given[1])


@pytest.mark.parametrize("kind", KINDS)
def test_teacher_forcing_is_the_step_repeated(kind):
    decoder, mask = made(kind), ops.convert_to_tensor(MASK)

    def at_once(memory):
        logits, alignments = decoder(TOKENS, memory, memory_mask=mask, training=True)
        return loss_of(logits, alignments), [logits, alignments]

    def by_steps(memory):
        state, context = decoder.start(memory, memory_mask=mask)
        results = []
        for t in range(TIME):
            logits, state, alignment = decoder.step(ops.convert_to_tensor(TOKENS[:, t]), state, context)
            results.append((logits, alignment))
        logits, alignments = (ops.stack(part, axis=1) for part in zip(*results, strict=True))
        return loss_of(logits, alignments), [logits, alignments]

    (logits, alignments), ours = differentiate(at_once, [MEMORY], decoder, REFERENCE)
    (expected, weights), theirs = differentiate(by_steps, [MEMORY], decoder, REFERENCE)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    np.testing.assert_allclose(alignments, weights, atol=1e-5)
    assert not alignments[~np.broadcast_to(MASK[:, None], alignments.shape)].any()
    for a, b in zip(ours, theirs, strict=True):
        assert np.abs(a - b).max() <= 1e-5 * max(np.abs(b).max(), 1)
        assert np.abs(b).max() > 0


def test_the_step_is_its_equations():
    """In NumPy, for an LSTM with additive attention: Luong et al. 2015, section 3.3."""
    decoder = made("lstm")
    state, context = decoder.start(
        ops.convert_to_tensor(MEMORY), memory_mask=ops.convert_to_tensor(MASK)
    )
    h, c, a = map(array, state)
    mean = np.array([row[mask].mean(axis=0) for row, mask in zip(MEMORY, MASK, strict=True)])
    bridge, bias = map(array, decoder.bridge.weights)
    np.testing.assert_allclose(np.concatenate([h, c], axis=-1), np.tanh(mean @ bridge + bias), atol=1e-6)
    assert a.shape == (BATCH, UNITS) and not a.any()
    a = RNG.normal(size=a.shape).astype("float32")
    tokens = TOKENS[:, 0]
    logits, new, alignment = decoder.step(
        ops.convert_to_tensor(tokens), (*state[:2], ops.convert_to_tensor(a)), context
    )

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    (cell,) = decoder.cells
    embedded = array(decoder.embedding.embeddings)[tokens]
    gates = embedded @ array(cell.kernel) + a @ array(decoder.feeding_kernel) + array(cell.bias)
    gates += h @ array(cell.recurrent_kernel) + array(cell.recurrent_bias)
    i, f, g, o = np.split(gates, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    layer = decoder.attention
    keys = MEMORY @ array(layer.memory_kernel)
    scores = np.tanh((h @ array(layer.query_kernel) + array(layer.bias))[:, None] + keys) @ array(
        layer.vector
    )
    weights = np.where(MASK, np.exp(scores[..., 0]), 0)
    weights /= weights.sum(axis=-1, keepdims=True)
    mean = np.einsum("bs,bsf->bf", weights, MEMORY)
    a = np.tanh(np.concatenate([h, mean], axis=-1) @ array(decoder.combine.kernel))
    for ours, expected in zip((*new, alignment), (h, c, a, weights), strict=True):
        np.testing.assert_allclose(array(ours), expected, atol=1e-5)
    np.testing.assert_allclose(array(logits), a @ array(decoder.kernel) + array(decoder.bias), atol=1e-5)


def test_dropouts_act_in_training_and_repeat_with_a_seed():
    plain = array(made("gru, 2 layers")(TOKENS, MEMORY)[0])
    for rate in ("embedding_dropout", "recurrent_dropout", "output_dropout"):
        decoder, again = (made("gru, 2 layers", seed=5, **{rate: 0.5}) for _ in range(2))
        first, second = (array(decoder(TOKENS, MEMORY, training=True)[0]) for _ in range(2))
        assert (first != second).any()
        np.testing.assert_array_equal(first, array(again(TOKENS, MEMORY, training=True)[0]))
        np.testing.assert_array_equal(array(decoder(TOKENS, MEMORY)[0]), plain)


def test_recurrent_dropout_is_one_pattern_for_all_steps(monkeypatch):
    """A unit of h that is dropped sends nothing to the next step: as if its recurrent weights were 0."""
    pattern = (np.arange(UNITS) % 2 * 2).astype("float32")  # every second unit, scaled
    factors = ops.convert_to_tensor(pattern)
    decoder = made("lstm", recurrent_dropout=0.5)
    monkeypatch.setattr(keras.random, "dropout", lambda ones, *_, **__: ones * factors)
    dropped = array(decoder(TOKENS, MEMORY, training=True)[0])
    monkeypatch.undo()
    plain = made("lstm")
    recurrent = plain.cells[0].recurrent_kernel
    recurrent.assign(array(recurrent) * pattern[:, None])
    np.testing.assert_allclose(dropped, array(plain(TOKENS, MEMORY)[0]), atol=1e-5)


def test_initial_states():
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS)
    states = [RNG.normal(size=(BATCH, UNITS)).astype("float32") for _ in range(2)]
    decoder(TOKENS, MEMORY, initial_state=states)
    assert decoder.bridge is None
    state, _ = decoder.start(ops.convert_to_tensor(MEMORY), [ops.convert_to_tensor(s) for s in states])
    for a, b in zip(state, states, strict=False):
        np.testing.assert_array_equal(array(a), b)
    with pytest.raises(ValueError, match=r"initial_state: expected states of sizes \[8, 8\], got \[8\]"):
        decoder.start(ops.convert_to_tensor(MEMORY), [ops.convert_to_tensor(states[0])])
    vector = RNG.normal(size=(BATCH, 3)).astype("float32")
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, cell="gru", depth=2)
    decoder(TOKENS, MEMORY, initial_state=vector)
    state, _ = decoder.start(ops.convert_to_tensor(MEMORY), ops.convert_to_tensor(vector))
    expected = np.tanh(vector @ array(decoder.bridge.kernel))
    np.testing.assert_allclose(
        np.concatenate([array(s) for s in state[:2]], axis=-1), expected, atol=1e-6
    )


def test_what_cannot_start():
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, cell="gru")
    with pytest.raises(ValueError, match="not built yet"):
        decoder.start(MEMORY)
    decoder(TOKENS, MEMORY, initial_state=[np.zeros((BATCH, UNITS), "float32")])
    with pytest.raises(ValueError, match="expected states, with which this decoder was built"):
        decoder.start(MEMORY)


def test_a_frozen_decoder_stays_frozen(tmp_path):
    model = model_of(layer_norm=True, gate=True)
    model.get_layer("decoder").trainable = False
    assert len(model.trainable_variables) == 1  # of the encoder
    model.save(tmp_path / "model.keras")
    assert len(keras.saving.load_model(tmp_path / "model.keras").trainable_variables) == 1


def test_each_dropout_has_a_pattern_of_its_own():
    decoder = made("gru, 2 layers", seed=5, embedding_dropout=0.5, output_dropout=0.5)
    ones = ops.ones((4, 50))
    first, second = (
        array(layer(ones, training=True))
        for layer in (decoder.embedding_dropout, decoder.output_dropout)
    )
    assert (first != second).any()


def model_of(**options):
    """An encoder and the decoder, as a translation has them."""
    source, tokens = (keras.Input((None,), dtype="int32") for _ in range(2))
    memory = keras.layers.Embedding(9, SIZE, mask_zero=True, name="encoder")(source)
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, name="decoder", **options)
    return keras.Model([source, tokens], decoder(tokens, memory))


SOURCES = np.array([[3, 4, 1, 2, 5], [1, 2, 0, 0, 0], [5, 0, 0, 0, 0]])


def test_trained_saved_loaded_and_decoded(tmp_path):
    model = model_of(output_dropout=0.1)
    decoder = model.get_layer("decoder")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss=[loss, None])
    losses = [model.train_on_batch([SOURCES, TOKENS], TOKENS) for _ in range(25)]
    losses = [float(np.ravel(value)[0]) for value in losses]
    assert losses[-1] < losses[0] / 2  # each token is to be repeated
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected, alignments = model.predict_on_batch([SOURCES, TOKENS])
    for a, b in zip((expected, alignments), loaded.predict_on_batch([SOURCES, TOKENS]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not alignments[1, :, 2:].any()
    longer = np.pad(SOURCES, ((0, 0), (0, 3)))  # padding of the source changes nothing
    np.testing.assert_allclose(model.predict_on_batch([longer, TOKENS])[0], expected, atol=1e-5)

    decoder = loaded.get_layer("decoder")
    memory = loaded.get_layer("encoder")(ops.convert_to_tensor(SOURCES))
    state, context = decoder.start(memory, memory_mask=ops.convert_to_tensor(SOURCES > 0))
    greedy = Greedy(decoder.step, decoder.variables, start=1, end=0, max_steps=5)(state, context)
    teacher = np.concatenate([np.ones((3, 1), "int32"), greedy.tokens[:, 0, :-1]], axis=1)
    forced, weights = loaded.predict_on_batch([SOURCES, teacher])
    for row in range(3):
        steps = int(greedy.lengths[row, 0])
        np.testing.assert_array_equal(forced[row, :steps].argmax(axis=-1), greedy.tokens[row, 0, :steps])
        np.testing.assert_allclose(weights[row, :steps], greedy.alignments[row, 0, :steps], atol=1e-5)
    beam = BeamSearch(decoder.step, decoder.variables, start=1, end=0, max_steps=5, beam_width=4)
    best = beam(state, context)
    ahead = best.finished & ~greedy.finished  # such a hypothesis comes first, whatever its score
    assert (ahead | (best.scores >= greedy.scores - 1e-4)).all()


def test_mixed_precision():
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, dtype="mixed_bfloat16", layer_norm=True)
    logits, alignments = decoder(TOKENS, MEMORY, training=True)
    assert keras.backend.standardize_dtype(logits.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(alignments.dtype) == "float32"
    exact = AttentionDecoder(VOCABULARY, 7, UNITS, layer_norm=True)
    exact.build(TOKENS.shape, MEMORY.shape)
    exact.set_weights(decoder.get_weights())
    np.testing.assert_allclose(
        array(ops.cast(logits, "float32")), array(exact(TOKENS, MEMORY)[0]), atol=0.05
    )


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_precision_trains_and_steps(kind):
    tokens, memory = keras.Input((None,), dtype="int32"), keras.Input((None, SIZE))
    decoder = AttentionDecoder(VOCABULARY, 7, UNITS, dtype="mixed_bfloat16", **KINDS[kind])
    logits, _ = decoder(tokens, memory)
    model = keras.Model([tokens, memory], logits)
    # The program of a whole step takes long to compile: one is enough, the loop is compiled anyway.
    eagerly = kind != "normalised, gate"
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=eagerly)
    before = model.get_weights()
    assert np.isfinite(model.train_on_batch([TOKENS, MEMORY], TOKENS))
    for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        assert np.isfinite(new).all() and (old != new).any(), weight.path
    state, context = decoder.start(ops.convert_to_tensor(MEMORY))
    logits, *_ = decoder.step(ops.convert_to_tensor(TOKENS[:, 0]), state, context)
    assert np.isfinite(array(ops.cast(logits, "float32"))).all()


def test_wrong_arguments():
    for options, message in (
        ({"cell": "rnn"}, "cell='rnn': expected one of lstm, gru"),
        ({"attention": "none"}, "expected one of additive, multiplicative"),
        ({"output_dropout": 1.0}, "output_dropout=1.0: expected at least 0 and below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            AttentionDecoder(VOCABULARY, 7, UNITS, **options)
    config = AttentionDecoder(VOCABULARY, 7, UNITS, **KINDS["gru, 2 layers"], seed=3).get_config()
    assert AttentionDecoder.from_config(config).get_config() == config
