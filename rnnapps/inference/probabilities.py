"""Probabilities of logits, without Keras."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

NEVER = -1e4  # a logit: its probability is 0


def softmax(logits: "np.ndarray") -> "np.ndarray":
    """Probabilities, float32, of logits `(..., classes)`."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def certain_blank(classes: int) -> "np.ndarray":
    """The logits of a frame of CTC that says nothing for certain, float32 `(classes,)`."""
    import numpy as np

    return np.where(np.arange(classes) == 0, 0, NEVER).astype("float32")
