"""Features at mean 0 and deviation 1."""

import keras
import numpy as np

from rnnapps.layers import BandNormalisation


def test_it_is_fixed_by_what_it_adapted_to(tmp_path):
    frames = np.random.default_rng(0).normal(3, [1, 5, 0.1], size=(500, 3))
    frames[:, 2] = 7  # a band that never varies
    model = keras.Sequential([keras.Input((None, 3)), BandNormalisation()])
    x = frames[None].astype("float32")
    np.testing.assert_array_equal(model.predict_on_batch(x), x)
    layer = model.layers[0]
    layer.adapt(frames)
    normalised = model.predict_on_batch(x)
    np.testing.assert_allclose(normalised[0].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(normalised[0].std(axis=0), [1, 1, 0], atol=1e-4)
    assert not layer.trainable_weights
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(x), normalised)
    loaded.layers[0].set_weights([np.zeros(3), np.ones(3)])  # as a checkpoint does
    np.testing.assert_array_equal(loaded.predict_on_batch(x), x)
