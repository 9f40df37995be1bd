"""A compiled step is a step of the layer."""

import keras
import numpy as np
import pytest

from rnnapps import layers


def test_what_has_no_step():
    for layer in (layers.LSTM(4), layers.RecurrentStack(4), layers.Bidirectional(layers.GRU(4))):
        with pytest.raises(ValueError, match="expected one recurrent layer that is built"):
            layers.compiled_step(layer)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_steps_are_the_sequence(name):
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    layer = getattr(layers, name)(4, return_sequences=True)
    whole = keras.ops.convert_to_numpy(layer(x))
    step, states = layers.compiled_step(layer), layer.get_initial_state(2)
    for t in range(6):
        y, states = step(x[:, t], states)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(y), whole[:, t], atol=1e-6)
    assert not getattr(states[0], "requires_grad", False)  # on PyTorch a stream would fill the memory
    layer.set_weights([0 * weight for weight in layer.get_weights()])  # a training goes on meanwhile
    y, _ = step(x[:, 0], layer.get_initial_state(2))
    assert not keras.ops.convert_to_numpy(y).any()
