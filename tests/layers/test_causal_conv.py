"""A causal convolution against Keras's, and its stream."""

import keras
import numpy as np
import pytest

from rnnapps.layers import CausalConv

X = np.random.default_rng(0).normal(size=(2, 7, 9, 3)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(("kernel", "stride"), [((3, 3), 2), ((1, 5), 1), ((4, 2), 3), ((2, 1), 2)])
def test_it_is_keras_convolution_of_what_came_before(kernel, stride):
    layer = CausalConv(5, kernel, stride)
    whole = array(layer(X))
    assert whole.shape == layer.compute_output_shape(X.shape) == (2, 7, -(-9 // stride), 5)
    convolution = keras.layers.Conv2D(5, kernel, strides=(1, stride), padding="same")
    before = (kernel[0] - 1) // 2  # frames that Keras pads in front
    padded = np.pad(X, ((0, 0), (kernel[0] - 1, 0), (0, 0), (0, 0)))
    convolution.build(padded.shape)
    convolution.set_weights(layer.get_weights())
    expected = array(convolution(padded))[:, before : before + 7]
    np.testing.assert_allclose(whole, expected, atol=1e-5)


def test_nothing_is_seen_ahead_and_steps_are_the_sequence():
    layer = CausalConv(4, (3, 3), 2)
    whole = array(layer(X))
    later = X.copy()
    later[:, 4:] += 1
    np.testing.assert_array_equal(array(layer(later))[:, :4], whole[:, :4])
    state = layer.start(2)
    for t in range(7):
        y, state = layer.step(X[:, t], state)
        np.testing.assert_allclose(array(y), whole[:, t], atol=1e-6)


def test_it_is_saved(tmp_path):
    model = keras.Sequential([keras.Input((None, 9, 3)), CausalConv(4, (3, 2), 2, use_bias=False)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config() == model.layers[0].get_config()
    np.testing.assert_array_equal(array(loaded(X)), array(model(X)))


def test_what_is_refused():
    with pytest.raises(ValueError, match="expected at least 1"):
        CausalConv(4, (0, 3))
    with pytest.raises(ValueError, match="expected known frequencies and channels"):
        CausalConv(4).build((None, None, None, 1))
