"""Maximum over time, of the steps that are not masked."""

import keras
from keras import ops


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
        mask = mask[:, :, None]
        lowest = ops.cast(-1e4, states.dtype)  # float16 reaches to 65,504
        highest = ops.max(ops.where(mask, states, lowest), axis=1)
        return ops.where(ops.any(mask, axis=1), highest, ops.zeros_like(highest))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])
