"""Models go to plain Keras and come from it with the same figures."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from rnnapps import layers


def network(library, bidirectional):
    inputs = keras.Input((None, 3))
    x = library.GRU(4, return_sequences=True, dropout=0.1)(inputs)
    x = bidirectional(library.LSTM(4, return_sequences=True))(x)
    x = keras.layers.TimeDistributed(keras.layers.Dense(4))(x)
    block = keras.Sequential([keras.Input((None, 4)), library.SimpleRNN(4, activation="relu")])
    return keras.Model(inputs, keras.layers.Dense(2)(block(x)))


def recurrent(model):
    return [type(layer) for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN)]


@pytest.fixture
def x():
    x = np.random.default_rng(0).normal(size=(5, 7, 3)).astype("float32")
    x[1, 4:] = 0
    return x


def test_there_and_back(x):
    theirs = network(keras.layers, keras.layers.Bidirectional)
    ours = layers.from_keras(theirs)
    assert recurrent(ours) == [layers.GRU, layers.LSTM, layers.LSTM, layers.SimpleRNN]
    assert isinstance(ours.layers[2], layers.Bidirectional)
    again = layers.to_keras(ours)
    assert recurrent(again) == recurrent(theirs)
    assert again.get_config() == theirs.get_config()
    expected = theirs.predict_on_batch(x)
    for model in (ours, again):
        np.testing.assert_allclose(model.predict_on_batch(x), expected, atol=1e-6)
        for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert all(kind.__module__.startswith("keras.") for kind in recurrent(theirs))


def test_a_layer_with_and_without_weights():
    layer = keras.layers.LSTM(4, return_sequences=True)
    assert isinstance(layers.from_keras(layer), layers.LSTM)
    layer.build((None, None, 3))
    ours = layers.from_keras(layer)
    for a, b in zip(ours.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert layers.from_keras(keras.layers.LSTM(4, use_cudnn=False)).use_cudnn is False
    back = layers.to_keras(layers.LSTM(4, kernel="fused", use_cudnn=False))
    assert type(back) is keras.layers.LSTM and back.use_cudnn is False


def test_what_leaves_loads_without_rnnapps(x, tmp_path):
    model = layers.to_keras(network(layers, layers.Bidirectional))
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, keras, numpy as np; m = keras.saving.load_model(sys.argv[1]); "
        "np.save(sys.argv[3], m.predict_on_batch(np.load(sys.argv[2]))); "
        "assert 'rnnapps' not in sys.modules"
    )
    files = [str(tmp_path / name) for name in ("model.keras", "x.npy", "y.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, timeout=300)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict_on_batch(x), atol=1e-6)


def test_a_stack_stays_and_runs_by_keras_loop(x):
    inputs = keras.Input((None, 3))
    y = layers.RecurrentStack(4, depth=2, bidirectional=True, options={"weight_drop": 0.1})(inputs)
    model = keras.Model(inputs, y)
    converted = layers.to_keras(model)
    assert {row.kernel for row in layers.explain(converted)} == {"keras"}
    np.testing.assert_allclose(converted.predict_on_batch(x), model.predict_on_batch(x), atol=1e-6)
    with pytest.raises(ValueError, match="Keras's layers have no zoneout"):
        layers.to_keras(layers.RecurrentStack(4, options={"zoneout": 0.1}))
