"""Features at mean 0 and deviation 1, by fixed numbers."""

import keras
import numpy as np
from keras import ops

LEAST = 1e-3  # deviation of a feature that hardly varies


@keras.saving.register_keras_serializable(package="rnnapps")
class BandNormalisation(keras.layers.Layer):
    """Each feature minus its mean, divided by its deviation, both fixed by `adapt`.

    They are the same for every clip and every frame, so that a stream is normalised as a clip is, and
    loudness is kept. `keras.layers.Normalization` does the same, but copies its weights into constants
    when it adapts, and does not see those of a checkpoint or of another model that come later.

    Input and output: `(..., features)`, floats. Before `adapt` the output is the input. The mask is
    passed on. Weights, none trained: `mean` and `deviation`, each `(features,)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.mean = self.add_weight(
            shape=shape, initializer="zeros", dtype="float32", trainable=False, name="mean"
        )
        self.deviation = self.add_weight(
            shape=shape, initializer="ones", dtype="float32", trainable=False, name="deviation"
        )

    def adapt(self, frames: np.ndarray) -> None:
        """Take mean and deviation from frames `(frames, features)`."""
        frames = np.asarray(frames, "float64")
        self.mean.assign(frames.mean(axis=0).astype("float32"))
        self.deviation.assign(np.maximum(frames.std(axis=0), LEAST).astype("float32"))

    def call(self, inputs):
        normalised = (ops.cast(inputs, "float32") - self.mean) / self.deviation
        return ops.cast(normalised, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
