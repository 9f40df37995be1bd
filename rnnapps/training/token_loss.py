"""The loss of networks that predict the next token."""

import keras
from keras import ops


class TokenLoss(keras.losses.Loss):
    """Cross-entropy from logits, in nats, with label smoothing (Szegedy et al. 2016, section 7).

    `y_true` is int `(batch, time)`, `y_pred` logits `(batch, time, vocabulary)`; the mean is over the
    tokens, by their sample weights `(batch, time)`.

    Args:
        label_smoothing: the share of the probability that is spread evenly over the vocabulary.
    """

    def __init__(self, label_smoothing: float = 0.0):
        super().__init__(name="token_loss", reduction="mean_with_sample_weight")
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        one_hot = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(
            one_hot, y_pred, from_logits=True, label_smoothing=self.label_smoothing
        )
