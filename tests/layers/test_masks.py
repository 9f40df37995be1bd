"""What stands at masked steps has no effect: neither on outputs nor on gradients, whatever it is."""

import keras
import numpy as np
import pytest
from gradients import differentiate
from keras import ops

from rnnapps import layers

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 4
MASK = np.array([[1] * 6, [1] * 4 + [0] * 2, [0, 0, 1, 1, 0, 1], [0] * 6], bool)

LAYERS = {
    "LSTM": lambda: layers.LSTM(UNITS, return_sequences=True),
    "LSTM, fused": lambda: layers.LSTM(UNITS, return_sequences=True, kernel="fused"),
    "LSTM, keras": lambda: layers.LSTM(UNITS, return_sequences=True, kernel="keras"),
    "GRU": lambda: layers.GRU(UNITS, go_backwards=True),
    "GRU, fused": lambda: layers.GRU(UNITS, go_backwards=True, kernel="fused"),
    "SimpleRNN": lambda: layers.SimpleRNN(UNITS, return_sequences=True, activation="relu"),
    "Bidirectional": lambda: layers.Bidirectional(layers.GRU(UNITS, return_sequences=True)),
    "LayerNormLSTM": lambda: layers.LayerNormLSTM(UNITS, return_sequences=True),
    "MinGRU": lambda: layers.MinGRU(UNITS, return_sequences=True),
    "MinLSTM": lambda: layers.MinLSTM(UNITS, go_backwards=True),
    "RecurrentStack": lambda: layers.RecurrentStack(FEATURES, depth=2, residual=True, normalise=True),
    "AttentionPooling": lambda: layers.AttentionPooling(UNITS),
    "MaxPooling": lambda: layers.MaxPooling(),
}


def same(call, x, layer, mask=MASK):
    """Outputs and gradients with NaN and infinity at masked steps are those with zeros there."""
    real = mask.reshape(*mask.shape, *[1] * (x.ndim - 2))

    def loss(x):
        outputs = keras.tree.flatten(call(x))
        return sum(ops.sum(ops.square(part)) for part in outputs), outputs

    clean, *dirty = (
        differentiate(loss, [np.where(real, x, v).astype("float32")], layer) for v in (0, np.nan, np.inf)
    )
    for other in dirty:
        for a, b in zip(keras.tree.flatten(clean), keras.tree.flatten(other), strict=True):
            assert np.isfinite(a).all()
            np.testing.assert_array_equal(a, b)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")


@pytest.mark.parametrize("name", LAYERS)
def test_masked_steps_have_no_effect(name, x):
    layer = LAYERS[name]()
    layer.build(x.shape)
    same(lambda x: layer(x, mask=ops.convert_to_tensor(MASK), training=True), x, layer)


def test_masked_frames_have_no_effect():
    layer = layers.CausalConv(2)
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, 5, 1)).astype("float32")
    layer.build(x.shape)
    same(lambda x: layer(x, mask=ops.convert_to_tensor(MASK)), x, layer)
    samples = layers.LogMel(100, frame_seconds=0.08, hop_seconds=0.01, mels=2)
    same(lambda x: samples(x, mask=ops.convert_to_tensor(MASK)), x[:, :, 0, 0], samples)


@pytest.mark.parametrize("attention", [layers.LuongAttention(), layers.BahdanauAttention(UNITS)])
def test_masked_memory_has_no_effect(attention, x):
    query, mask = np.ones((BATCH, 2, UNITS), "float32"), ops.convert_to_tensor(MASK)
    attention.build(query.shape, x.shape)
    same(lambda memory: attention(query, memory, memory_mask=mask), x, attention)
    keys = attention.project(x)
    dirty = [np.where(MASK[..., None], ops.convert_to_numpy(part), np.nan) for part in (x, keys)]
    given = attention(
        query, dirty[0].astype("float32"), keys=dirty[1].astype("float32"), memory_mask=mask
    )
    for a, b in zip(given, attention(query, x, memory_mask=mask), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), atol=1e-6)


def test_masked_memory_and_vectors_of_a_decoder_have_no_effect(x):
    layer, mask = layers.AttentionRecurrence(UNITS), ops.convert_to_tensor(MASK)
    layer.build(x.shape, x.shape)
    same(lambda memory: layer(x, memory, memory_mask=mask, training=True), x, layer)
    same(lambda vectors: layer(vectors, x, vectors_mask=mask, training=True), x, layer)


def test_masked_alignments_have_no_effect(x):
    losses = []
    for value in (0, np.nan):
        layer, alignments = layers.DoublyStochastic(), np.where(MASK[..., None], x, value)
        layer(x, alignments.astype("float32"), MASK)
        losses.append(float(layer.losses[0]))
    assert np.isfinite(losses).all() and losses[0] == losses[1]


def test_the_lowest_number_is_no_floor(x):
    """Below -10,000, which once stood for masked steps."""
    pooled = layers.MaxPooling()(x - 1e6, mask=ops.convert_to_tensor(MASK))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(pooled)[1], (x - np.float32(1e6))[1, :4].max(axis=0)
    )


@pytest.mark.parametrize("name", LAYERS)
def test_a_mask_fits_or_is_an_error(name, x):
    layer = LAYERS[name]()
    layer.build(x.shape)
    mask = ops.convert_to_tensor(MASK)
    for wrong in (mask[:3], mask[:, :5], mask[:, :, None], mask[:, :1]):
        with pytest.raises(ValueError, match=r"mask of shape \(.*\) for an input of shape \(4, 6, 3\)"):
            layer(x, mask=wrong)
    for row in (mask[1:2], ops.cast(mask[1:2], "int32")):
        one = keras.tree.flatten(layer(x, mask=row))
        all_ = keras.tree.flatten(layer(x, mask=ops.repeat(mask[1:2], BATCH, axis=0)))
        for a, b in zip(one, all_, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))


def test_a_mask_of_a_memory_fits_or_is_an_error(x):
    attention = layers.LuongAttention()
    with pytest.raises(ValueError, match="mask of shape"):
        attention(x, x, memory_mask=ops.convert_to_tensor(MASK[:3]))
    assert attention(x, x, memory_mask=ops.convert_to_tensor(MASK[:1]))[1].shape == (BATCH, TIME, TIME)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="all sizes are known")
def test_a_mask_of_unknown_sizes_fits_or_is_an_error(x):
    import tensorflow as tf

    layer = layers.GRU(UNITS)
    layer.build(x.shape)
    shapes = (tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, None), "bool"))
    run = tf.function(lambda x, mask: layer(x, mask=mask), shapes, autograph=False)
    assert run(x, MASK).shape == (BATCH, UNITS)
    np.testing.assert_array_equal(run(x, MASK[:1]), run(x, MASK[:1].repeat(BATCH, axis=0)))
    for wrong in (MASK[:3], MASK[:, :5], MASK[:3].repeat(2, axis=0)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(x, wrong)
