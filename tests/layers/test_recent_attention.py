"""Attention over the last steps, of clips and of streams."""

import keras
import numpy as np
import pytest

from rnnapps.layers import AttentionPooling, RecentAttention

X = np.random.default_rng(0).normal(size=(2, 7, 3)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_it_pools_the_last_steps_and_so_does_a_stream():
    layer = RecentAttention(4, window=5)
    whole = array(layer(X))
    pooling = AttentionPooling(4)
    pooling.build(X.shape)
    pooling.set_weights(layer.get_weights())
    np.testing.assert_allclose(whole, array(pooling(X[:, 2:])[0]), atol=1e-6)
    state = layer.start(2)
    for t in range(7):
        y, state = layer.step(X[:, t], state)
        if t:  # Keras warns of a softmax of one
            np.testing.assert_allclose(array(y), array(layer(X[:, : t + 1])), atol=1e-6)


def test_it_is_saved_and_refuses_an_empty_window(tmp_path):
    model = keras.Sequential([keras.Input((None, 3)), RecentAttention(4, 5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(array(loaded(X)), array(model(X)))
    with pytest.raises(ValueError, match="expected at least 1"):
        RecentAttention(4, 0)
