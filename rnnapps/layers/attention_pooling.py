"""Attention over time, to one vector."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rnnapps")
class AttentionPooling(keras.layers.Layer):
    """Weighted mean over time, by additive attention with a learnt query (Yang et al. 2016, eq. 5-7).

    `u_t = tanh(W h_t + b)`, `a = softmax(u . v)`, `s = sum_t a_t h_t`.

    Input: `(batch, time, features)`. Output: the pooled states `(batch, features)` and the weights
    `(batch, time)`, float32, which sum to one. Masked steps have weight zero; a row that is wholly
    masked has weight zero at every step, and the pooled state zero. The mask is not passed on.

    Args:
        units: size of `u`.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True

    def build(self, input_shape):
        self.projection = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="projection"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(self.units, 1), initializer="glorot_uniform", name="query")

    def call(self, states, mask=None):
        scores = ops.matmul(ops.tanh(ops.matmul(states, self.projection) + self.bias), self.query)
        scores = ops.cast(scores, "float32")  # (batch, time, 1)
        if mask is not None:
            mask = ops.cast(mask, "float32")[:, :, None]
            scores = ops.where(mask > 0, scores, -1e9)
        weights = ops.softmax(scores, axis=1)
        if mask is not None:
            weights = weights * mask
        pooled = ops.sum(ops.cast(weights, states.dtype) * states, axis=1)
        return pooled, weights[:, :, 0]

    def compute_mask(self, inputs, mask=None):
        return None, None

    def compute_output_spec(self, states, mask=None):
        batch, time, features = states.shape
        return (
            keras.KerasTensor((batch, features), dtype=self.compute_dtype),
            keras.KerasTensor((batch, time), dtype="float32"),
        )

    def get_config(self):
        return {**super().get_config(), "units": self.units}
