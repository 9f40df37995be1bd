"""Multiplicative attention over a memory."""

import keras
from keras import ops

from rnnapps.layers.attention_layer import AttentionLayer


@keras.saving.register_keras_serializable(package="rnnapps")
class LuongAttention(AttentionLayer):
    """Multiplicative attention (Luong et al. 2015, eq. 8, "general"): `q . (m W)`.

    `attention(query, memory)` takes the query, `(batch, features)` or `(batch, time, features)`, and the
    memory, `(batch, source, size)`. It returns the mean of the memory by weights that sum to one,
    `(batch, size)` or `(batch, time, size)`, and these weights, `(batch, source)` or
    `(batch, time, source)`, float32.

    `memory_mask` is `(batch, source)`: masked positions have weight zero, and a row whose memory is
    wholly masked has weight zero everywhere. No mask is passed on.

    What does not depend on the query is `project(memory)`. Where one memory is asked many times, compute
    it once and give it as `keys`.
    """

    def build(self, query_shape, memory_shape, keys_shape=None):
        self.kernel = self.add_weight(
            shape=(memory_shape[-1], query_shape[-1]), initializer="glorot_uniform", name="kernel"
        )

    def project(self, memory):
        return ops.matmul(memory, self.kernel)

    def score(self, query, keys):
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
