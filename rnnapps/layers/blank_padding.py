"""Frames behind the end of a row that say nothing."""

import keras
from keras import ops

NEVER = -1e4  # a logit: its probability is 0 in float32


@keras.saving.register_keras_serializable(package="rnnapps")
class BlankPadding(keras.layers.Layer):
    """Makes the blank certain where there is padding, for CTC, which then needs no lengths.

    Inputs: logits `(batch, time, classes)`, of which class 0 is the blank, and what is real, bool
    `(batch, time)`. Output: logits of the same shape and dtype float32. A frame of a certain blank
    changes neither the likelihood of a text nor its best path.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.supports_masking = True

    def call(self, logits, real):
        blank = ops.where(ops.arange(logits.shape[-1]) == 0, 0.0, NEVER)
        return ops.where(real[:, :, None], logits, ops.cast(blank, logits.dtype))

    def compute_mask(self, logits, mask=None):
        return None  # the blanks tell

    def compute_output_shape(self, logits_shape, real_shape=None):
        return logits_shape
