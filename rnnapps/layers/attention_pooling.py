"""Attention over time, to one vector."""

from typing import Any

import keras
from keras import ops

from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.masked_softmax import masked_softmax

Tensor = Any


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
        states, mask = without_masked(states, mask)
        return self.pool(states, self.score(states), mask)

    def score(self, states: Tensor) -> Tensor:
        """The scores `u . v`, `(...)`, of states `(..., features)`, each by itself."""
        u = ops.tanh(ops.matmul(states, self.projection) + self.bias)
        return ops.matmul(u, self.query)[..., 0]

    def pool(self, states: Tensor, scores: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The pooled states and the weights, of states and their scores `(batch, time)`."""
        weights = masked_softmax(scores, mask)
        return ops.sum(ops.cast(weights, states.dtype)[:, :, None] * states, axis=1), weights

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
