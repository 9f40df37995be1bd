"""The loss of the network that writes."""

import keras
from keras import ops

from rnnapps.handwriting.writing.density import negative_log_likelihood


class WriterLoss(keras.losses.Loss):
    """The mean negative log likelihood of the steps of the pen, in nats (Graves 2013, equation 26).

    `y_true` is float `(batch, time, 3)`, dx, dy and lift, `y_pred` `(batch, time, outputs)` (see
    `rnnapps.handwriting.writing.density`); the mean is over the steps by their sample weights
    `(batch, time)`.
    """

    def __init__(self):
        super().__init__(name="writer_loss", reduction="mean_with_sample_weight", dtype="float32")

    def call(self, y_true, y_pred):
        return negative_log_likelihood(ops.cast(y_true, y_pred.dtype), y_pred)
