"""What the layers of attention over a memory share."""

import keras
from keras import ops

from rnnapps.layers.kernels.equations import Tensor
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.masked_softmax import masked_softmax


class AttentionLayer(keras.layers.Layer):
    """Attention by a class's `project(memory)`, `(batch, source, units)`, and `score(query, keys)`,
    `(batch, time, source)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, query, memory, keys=None, memory_mask=None):
        one = len(query.shape) == 2
        query = query[:, None] if one else query
        memory, mask = without_masked(memory, memory_mask)
        keys = self.project(memory) if keys is None else without_masked(keys, mask)[0]
        mean, weights = self.attend(query, memory, keys, mask)
        return (mean[:, 0], weights[:, 0]) if one else (mean, weights)

    def attend(
        self, query: Tensor, memory: Tensor, keys: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """What a call with a query `(batch, time, features)` returns; no masked position has NaN."""
        mask = None if mask is None else mask[:, None]
        weights = masked_softmax(self.score(query, keys), mask)  # (batch, time, source)
        return ops.matmul(ops.cast(weights, memory.dtype), memory), weights

    def compute_mask(self, *arguments, **options):
        return None, None
