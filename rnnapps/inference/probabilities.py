"""Probabilities of logits, without Keras."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def softmax(logits: "np.ndarray") -> "np.ndarray":
    """Probabilities, float32, of logits `(..., classes)`."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
