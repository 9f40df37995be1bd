"""What the layers of attention over a memory share."""

import keras
from keras import ops

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
        keys = self.project(memory) if keys is None else keys
        mask = None if memory_mask is None else memory_mask[:, None]
        weights = masked_softmax(self.score(query, keys), mask)  # (batch, time, source)
        mean = ops.matmul(ops.cast(weights, memory.dtype), memory)
        return (mean[:, 0], weights[:, 0]) if one else (mean, weights)

    def compute_mask(self, *arguments, **options):
        return None, None
