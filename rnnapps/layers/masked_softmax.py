"""The softmax of attention."""

from typing import Any

import keras
from keras import ops

Tensor = Any


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax over the last axis, in float32 at least, with zero where the mask is zero or false.

    A row that is wholly masked is zero. `mask` has the shape of `scores`, or one that broadcasts to it.
    """
    if keras.backend.standardize_dtype(scores.dtype) != "float64":
        scores = ops.cast(scores, "float32")
    if mask is None:
        return ops.softmax(scores, axis=-1)
    mask = ops.cast(mask, scores.dtype)
    return ops.softmax(ops.where(mask > 0, scores, -1e9), axis=-1) * mask
