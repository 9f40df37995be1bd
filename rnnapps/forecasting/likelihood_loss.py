"""The loss of networks that answer with a distribution."""

import keras
from keras import ops

from rnnapps.forecasting.distributions import DISTRIBUTIONS


class LikelihoodLoss(keras.losses.Loss):
    """The mean negative log likelihood of values by the distributions that a network gives.

    `y_true` is float `(batch, time, targets)`, `y_pred` `(batch, time, targets, outputs)`; the mean is
    over the values by their sample weights `(batch, time, targets)`, which are 0 where none is known.

    Args:
        distribution: one of `rnnapps.forecasting.distributions.DISTRIBUTIONS`.
    """

    def __init__(self, distribution: str):
        super().__init__(name="likelihood_loss", reduction="mean_with_sample_weight", dtype="float32")
        self.distribution = DISTRIBUTIONS[distribution]

    def call(self, y_true, y_pred):
        return self.distribution.loss(ops.cast(y_true, y_pred.dtype), y_pred)
