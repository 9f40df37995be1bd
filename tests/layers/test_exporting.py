"""Keras's own export of a model with our layers is a file that another runtime reads and runs."""

import logging

import keras
import numpy as np
import onnxruntime
import pytest

from rnnapps import layers


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def network():
    """Every recurrent layer, of masked inputs of any length."""
    inputs = keras.Input((None, 3))
    x = keras.layers.Masking()(inputs)
    each = (
        layers.LSTM(4, weight_drop=0.1),
        layers.GRU(4, return_sequences=True, go_backwards=True, kernel="fused"),
        layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True)),
        layers.LayerNormLSTM(4, return_sequences=True, zoneout=0.1),
        layers.MinLSTM(4, go_backwards=True),
        layers.RecurrentStack(4, depth=2, cell="min_gru", bidirectional=True, residual=True),
    )
    vectors, _ = layers.AttentionRecurrence(4, layer_norm=True, name="attention_recurrence")(x, x)
    return keras.Model(inputs, [*(layer(x) for layer in each), vectors])


@pytest.fixture
def x():
    x = np.random.default_rng(0).normal(size=(2, 7, 3)).astype("float32")
    x[1, 4:] = 0
    return x


def test_zoneout_by_the_loop(x):
    """Which Keras's own layers do not have."""
    fast, loop = (layers.LSTM(4, zoneout=0.1, kernel=kernel) for kernel in ("fused", "keras"))
    fast(x), loop(x)
    loop.set_weights(fast.get_weights())
    np.testing.assert_allclose(array(loop(x)), array(fast(x)), atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of any length: TensorFlow's")
@pytest.mark.filterwarnings("ignore")  # of the converter's own code
def test_onnx(network, x, tmp_path):
    expected = network.predict_on_batch(x)
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    network.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for a, b in zip(session.run(None, {session.get_inputs()[0].name: x}), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="PyTorch writes loops of a fixed length")
@pytest.mark.filterwarnings("ignore")
def test_a_fixed_length_on_pytorch(x, tmp_path):
    for make in (layers.LSTM, layers.LayerNormGRU, layers.MinGRU):
        model = keras.Sequential([keras.Input((7, 3)), make(4)])
        expected = array(model(x))
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
        found = session.run(None, {session.get_inputs()[0].name: x})[0]
        np.testing.assert_allclose(found, expected, atol=1e-5)
        open_ = keras.Sequential([keras.Input((None, 3)), make(4)])
        open_(x)
        with pytest.raises(ValueError, match="exported for a fixed number of time steps"):
            open_.export(tmp_path / "open.onnx", format="onnx", verbose=False)


def test_a_copy_by_to_keras_compiles_nothing_and_gives_the_same(network, x):
    copy = layers.to_keras(network)
    rows = layers.explain(copy)
    assert {row.kernel for row in rows} == {"keras"} and len(rows) == 11
    assert copy.get_layer("attention_recurrence").kernel == "keras"
    for a, b in zip(copy.predict_on_batch(x), network.predict_on_batch(x), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
