"""The steps of a network and of a stack are the sequence; what looks ahead has none."""

import keras
import numpy as np
import pytest

from rnnapps import layers

X = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm", "depth": 2, "residual": True, "normalise": True},
        {"cell": "gru", "depth": 2, "residual": True, "return_sequences": False},
        {"cell": "layer_norm_gru", "options": {"zoneout": 0.2}},
        {"cell": "min_lstm", "depth": 2},
    ],
    ids=lambda options: options["cell"],
)
def test_steps_of_a_stack_are_the_sequence(options):
    stack = layers.RecurrentStack(4, **options)
    whole, states = array(stack(X)), stack.start(2)
    for t in range(5):
        y, states = stack.step(X[:, t], states)
        if stack.return_sequences:
            np.testing.assert_allclose(array(y), whole[:, t], atol=1e-5)
    np.testing.assert_allclose(array(y), whole[:, -1] if stack.return_sequences else whole, atol=1e-5)


def test_a_bidirectional_stack_has_no_step():
    with pytest.raises(ValueError, match="it is bidirectional and has no step"):
        layers.RecurrentStack(4, bidirectional=True).step(X[:, 0], [])


@pytest.mark.parametrize(("cell", "numbers"), [("lstm", 6), ("gru", 3)])  # h and c, or h alone
def test_it_has_the_weights_that_the_network_had(cell, numbers):
    inputs = keras.Input((None, 4))
    x = layers.RecurrentStack(3, cell=cell)(inputs)
    x = keras.layers.Dropout(0.5)(x)
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.LayerNormalization()(x))
    model = keras.Model(inputs, outputs)
    start, step = layers.compiled_stream(model)
    whole, state = array(model(X)), start(2)
    for t in range(5):
        y, state = step(X[:, t], state)
        np.testing.assert_allclose(array(y), whole[:, t], atol=1e-5)
        assert state.shape == (2, numbers)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    y, _ = step(X[:, 0], start(2))
    np.testing.assert_allclose(array(y), whole[:, 0], atol=1e-5)
    y, _ = layers.compiled_stream(model)[1](X[:, 0], start(2))
    np.testing.assert_allclose(array(y), array(model(X))[:, 0], atol=1e-5)


def test_what_has_no_step():
    inputs = keras.Input((None, 4))

    def stream(outputs):
        return layers.compiled_stream(keras.Model(inputs, outputs, name="network"))

    with pytest.raises(ValueError, match="is bidirectional: it needs the whole sequence"):
        stream(layers.RecurrentStack(3, bidirectional=True)(inputs))
    with pytest.raises(ValueError, match="network: ahead .Conv1D. has no step"):
        stream(keras.layers.Conv1D(3, 3, padding="same", name="ahead")(inputs))
    with pytest.raises(ValueError, match="over_time .LayerNormalization. has no step"):
        fixed = keras.Input((5, 4))
        outputs = keras.layers.LayerNormalization(axis=(1, 2), name="over_time")(fixed)
        layers.compiled_stream(keras.Model(fixed, outputs))
    with pytest.raises(ValueError, match="network: its layers are no chain"):
        stream(keras.layers.add([inputs, keras.layers.Dense(4)(inputs)]))
