"""The loss of networks that answer with quantiles."""

from collections.abc import Sequence

import keras
from keras import ops


class QuantileLoss(keras.losses.Loss):
    """The mean pinball loss of several quantiles (Koenker and Bassett 1978).

    `y_true` is float `(batch, time, targets)`, `y_pred` `(batch, time, targets, levels)`; the mean is
    over the values by their sample weights `(batch, time, targets)`, which are 0 where none is known.

    Args:
        levels: of the quantiles, each above 0 and below 1.
    """

    def __init__(self, levels: Sequence[float]):
        super().__init__(name="quantile_loss", reduction="mean_with_sample_weight")
        self.levels = list(levels)

    def call(self, y_true, y_pred):
        levels = ops.convert_to_tensor(self.levels, dtype=y_pred.dtype)
        above = ops.cast(y_true, y_pred.dtype)[..., None] - y_pred
        return ops.mean(ops.maximum(levels * above, (levels - 1) * above), axis=-1)
