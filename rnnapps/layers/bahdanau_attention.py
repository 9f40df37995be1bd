"""Additive attention over a memory."""

import keras
from keras import ops

from rnnapps.layers.attention_layer import AttentionLayer
from rnnapps.layers.kernels.products import product


@keras.saving.register_keras_serializable(package="rnnapps")
class BahdanauAttention(AttentionLayer):
    """Additive attention (Bahdanau et al. 2015, appendix A.1.2): `v . tanh(q W + m U + b)`.

    Shapes, mask and the memory's projection are those of `rnnapps.layers.LuongAttention`.

    Args:
        units: size of the space in which query and memory are added.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, query_shape, memory_shape, keys_shape=None):
        glorot = {"initializer": "glorot_uniform"}
        self.memory_kernel = self.add_weight(
            shape=(memory_shape[-1], self.units), name="memory_kernel", **glorot
        )
        self.query_kernel = self.add_weight(
            shape=(query_shape[-1], self.units), name="query_kernel", **glorot
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.vector = self.add_weight(shape=(self.units, 1), name="vector", **glorot)

    def project(self, memory):
        return ops.matmul(memory, self.memory_kernel)

    def score(self, query, keys):
        query = product(query, self.query_kernel) + ops.cast(self.bias, query.dtype)
        hidden = ops.tanh(query[:, :, None] + keys[:, None])  # (batch, time, source, units)
        return ops.matmul(hidden, ops.cast(self.vector, hidden.dtype))[..., 0]

    def get_config(self):
        return {**super().get_config(), "units": self.units}
