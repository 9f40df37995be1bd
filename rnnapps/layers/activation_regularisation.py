"""Penalties on the activations of a recurrent layer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rnnapps")
class ActivationRegularisation(keras.layers.Layer):
    """Adds to the loss what keeps activations small (AR) and slow (TAR), after Merity et al. 2017.

    Inputs: the activations after dropout and those before it, each `(batch, time, units)`. Output: the
    first, unchanged. The loss grows in training by `alpha` times the mean square of the first, and by
    `beta` times the mean square of the difference between one step and the next of the second.

    Args:
        alpha: at least 0.
        beta: at least 0.
    """

    def __init__(self, alpha: float = 0.0, beta: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        if alpha < 0 or beta < 0:
            raise ValueError(f"alpha={alpha!r}, beta={beta!r}: expected at least 0")
        self.alpha, self.beta = alpha, beta
        self.built = True

    def call(self, dropped, raw, training=False):
        if training and self.alpha:
            self.add_loss(self.alpha * ops.mean(ops.square(ops.cast(dropped, "float32"))))
        if training and self.beta:
            slow = ops.square(ops.cast(raw[:, 1:] - raw[:, :-1], "float32"))
            self.add_loss(self.beta * ops.mean(slow))
        return dropped

    def compute_output_spec(self, dropped, raw, training=False):
        return keras.KerasTensor(dropped.shape, dtype=self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"alpha": self.alpha, "beta": self.beta}
