"""A call is the step repeated, gradients included; saving, and what the decoder adds.

All else is the decoder's too, and tested with it: kinds of cells, dropout, initial states.
"""

import keras
import numpy as np
import pytest
from gradients import MODES, REFERENCE, differentiate
from keras import ops

from rnnapps.layers import AttentionDecoder, AttentionRecurrence

RNG = np.random.default_rng(0)
BATCH, TIME, SOURCE, FEATURES, SIZE, UNITS = 3, 4, 5, 7, 6, 8
VECTORS = RNG.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
MEMORY = RNG.normal(size=(BATCH, SOURCE, SIZE)).astype("float32")
MASK = np.arange(SOURCE) < np.array([5, 2, 1])[:, None]


def array(tensor):
    return ops.convert_to_numpy(tensor)


def made(**options):
    """A recurrence with weights of which none is at its special first value."""
    recurrence = AttentionRecurrence(UNITS, **options)
    recurrence.build(VECTORS.shape, MEMORY.shape)
    rng = np.random.default_rng(1)
    recurrence.set_weights([rng.normal(scale=0.4, size=w.shape) for w in recurrence.weights])
    return recurrence


def repeated(recurrence, vectors, memory, mask=None):
    """The step, over all steps."""
    state, context = recurrence.start(memory, memory_mask=mask)
    results = []
    for t in range(TIME):
        vector, state, alignment = recurrence.step(vectors[:, t], state, context)
        results.append((vector, alignment))
    return [ops.stack(part, axis=1) for part in zip(*results, strict=True)]


OPTIONS = [
    ({"gate": True}, "steps" if keras.backend.backend() == "torch" else "compiled"),
    ({"cell": "gru", "attention": "multiplicative"}, "native"),
]


@pytest.mark.parametrize(("options", "kernel"), OPTIONS)
def test_a_call_is_the_step_repeated(options, kernel):
    recurrence, mask = made(vector_size=5, **options), ops.convert_to_tensor(MASK)
    assert recurrence.choice().kernel == kernel
    rng = np.random.default_rng(2)
    shares = [rng.normal(size=(BATCH, TIME, size)).astype("float32") for size in (5, SOURCE)]

    def loss_and(outputs):
        parts = zip(outputs, map(ops.convert_to_tensor, shares), strict=True)
        return sum(ops.sum(output * share) for output, share in parts), list(outputs)

    outputs, ours = differentiate(
        lambda vectors, memory: loss_and(recurrence(vectors, memory, memory_mask=mask)),
        [VECTORS, MEMORY],
        recurrence,
    )
    expected, theirs = differentiate(
        lambda vectors, memory: loss_and(repeated(recurrence, vectors, memory, mask)),
        [VECTORS, MEMORY],
        recurrence,
        REFERENCE,
    )
    for a, b, share in zip(outputs, expected, shares, strict=True):
        assert a.shape == share.shape
        np.testing.assert_allclose(a, b, atol=1e-5)
    for a, b in zip(ours, theirs, strict=True):
        assert np.abs(a - b).max() <= 1e-5 * max(np.abs(b).max(), 1)
        assert np.abs(b).max() > 0  # of every weight
    assert not outputs[1][~np.broadcast_to(MASK[:, None], outputs[1].shape)].any()
    assert not ours[1][~MASK].any()  # nothing hangs on what is masked


def test_the_native_kernel_gives_what_the_loop_gives():
    """For an empty memory too, and whatever stands at masked positions."""
    mask, memory = MASK.copy(), MEMORY.copy()
    mask[1] = False
    memory[~mask] = np.nan
    shares = [RNG.normal(size=(BATCH, TIME, size)).astype("float32") for size in (5, SOURCE)]

    def results(kernel, mode):
        recurrence = made(vector_size=5, kernel=kernel)

        def loss_and(vectors, memory):
            given = ops.convert_to_tensor(mask)
            outputs = recurrence(vectors, memory, memory_mask=given, training=mode != "eager")
            pairs = zip(outputs, map(ops.convert_to_tensor, shares), strict=True)
            return sum(ops.sum(output * share) for output, share in pairs), list(outputs)

        outputs, gradients = differentiate(loss_and, [VECTORS, memory], recurrence, mode)
        return [*outputs, *gradients]

    expected = results("compiled", REFERENCE)
    for mode in MODES[keras.backend.backend()]:
        for a, b in zip(results("auto", mode), expected, strict=True):
            assert np.abs(a - b).max() <= 2e-6 * max(np.abs(b).max(), 1)


def test_what_keeps_the_native_kernel_away(monkeypatch):
    for options, obstacle in (
        ({"depth": 2}, "depth=2"),
        ({"gate": True}, "gate=True"),
        ({"layer_norm": True}, "layer_norm=True"),
        ({"recurrent_dropout": 0.1}, "recurrent_dropout=0.1"),
        ({"dtype": "mixed_bfloat16"}, "bfloat16"),
        ({"kernel": "compiled"}, "kernel='compiled'"),
    ):
        assert AttentionRecurrence(UNITS, **options).choice().obstacles["native"] == obstacle
    assert not AttentionRecurrence(UNITS).choice().obstacles
    monkeypatch.setenv("RNNAPPS_NATIVE", "off")
    found = AttentionRecurrence(UNITS, kernel="auto").choice()
    assert found.kernel != "native" and found.obstacles["native"] == "RNNAPPS_NATIVE=off"


def test_saved_and_loaded(tmp_path):
    vectors, memory = keras.Input((None, FEATURES)), keras.Input((None, SIZE))
    recurrence = AttentionRecurrence(
        UNITS, vector_size=5, cell="gru", depth=2, attention="multiplicative", seed=3
    )
    model = keras.Model([vectors, memory], recurrence(vectors, keras.layers.Masking()(memory)))
    assert [output.shape for output in model.outputs] == [(None, None, 5), (None, None, None)]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = [VECTORS, MEMORY * MASK[:, :, None]]
    outputs, expected = ([array(output) for output in one(given)] for one in (loaded, model))
    for a, b in zip(outputs, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not outputs[1][~np.broadcast_to(MASK[:, None], outputs[1].shape)].any()
    config = recurrence.get_config()
    assert AttentionRecurrence.from_config(config).get_config() == config


def test_a_decoder_is_a_recurrence_between_an_embedding_and_logits():
    decoder = AttentionDecoder(11, FEATURES, UNITS, tie_embeddings=True)
    tokens = RNG.integers(1, 11, size=(BATCH, TIME)).astype("int32")
    decoder.build(tokens.shape, MEMORY.shape)
    decoder.bias.assign(RNG.normal(size=11))
    logits, alignments = decoder(tokens, MEMORY)
    embeddings, bias = array(decoder.embedding.embeddings), array(decoder.bias)
    recurrence = made(vector_size=FEATURES)
    ends = [id(weight) for weight in (decoder.bias, *decoder.embedding.weights)]
    recurrence.set_weights([array(weight) for weight in decoder.weights if id(weight) not in ends])
    vectors, expected = recurrence(embeddings[tokens], MEMORY)
    np.testing.assert_allclose(array(alignments), array(expected), atol=1e-6)
    np.testing.assert_allclose(array(logits), array(vectors) @ embeddings.T + bias, atol=1e-5)


def test_mixed_precision():
    recurrence = made(dtype="mixed_bfloat16")
    outputs = recurrence(VECTORS, MEMORY)
    steps = repeated(recurrence, ops.convert_to_tensor(VECTORS), ops.convert_to_tensor(MEMORY))
    for part, step, dtype in zip(outputs, steps, ("bfloat16", "float32"), strict=True):
        assert keras.backend.standardize_dtype(part.dtype) == dtype
        assert keras.backend.standardize_dtype(step.dtype) == dtype
        part, step = (array(ops.cast(one, "float32")) for one in (part, step))
        np.testing.assert_allclose(part, step, atol=0.05)


def test_wrong_use():
    for options, message in (
        ({"cell": "rnn"}, "cell='rnn': expected one of lstm, gru"),
        ({"attention": "none"}, "expected one of additive, multiplicative"),
        ({"kernel": "fused"}, "kernel='fused': expected one of auto, compiled, keras"),
        ({"recurrent_dropout": 1.0}, "recurrent_dropout=1.0: expected at least 0 and below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            AttentionRecurrence(UNITS, **options)
    with pytest.raises(ValueError, match="not built yet"):
        AttentionRecurrence(UNITS).start(MEMORY)
