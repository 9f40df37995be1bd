"""Maximum over time, of the steps that are not masked."""

import math

import keras
from keras import ops

from rnnapps.layers.kernels.masks import checked


@keras.saving.register_keras_serializable(package="rnnapps")
class MaxPooling(keras.layers.Layer):
    """Maximum over time; Keras's GlobalMaxPooling1D takes masked steps for real ones.

    Input `(batch, time, features)`, output `(batch, features)`. Masked steps do not count; a row that
    is wholly masked gives zero. The mask is not passed on.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, states, mask=None):
        if mask is None:
            return ops.max(states, axis=1)
        mask = checked(mask, states)[:, :, None]
        highest = ops.max(ops.where(mask, states, ops.cast(-math.inf, states.dtype)), axis=1)
        return ops.where(ops.any(mask, axis=1), highest, ops.zeros_like(highest))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])
