"""What all decoders under CTC take, and how they drop blanks."""

from typing import Any

import numpy as np
from keras import ops

from rnnapps.decoding.steps import check, log_softmax

BLANK = 0


def ctc_logits(logits: Any) -> np.ndarray:
    """Logits or log-probabilities `(batch, time, classes)` as they come, in float32.

    Raises:
        ValueError: another shape, no row or frame, fewer than two classes, NaN or infinity.
    """
    array = ops.convert_to_numpy(logits)
    valid = array.ndim == 3 and min(array.shape[:2]) >= 1 and array.shape[2] >= 2
    check("the shape of the logits", array.shape, valid, "(batch, time, classes), of 2 classes or more")
    check("logits", "NaN or infinity", bool(np.all(array < np.inf)), "numbers, or -inf")
    return array.astype("float32", copy=False)


def ctc_log_probabilities(logits: Any) -> np.ndarray:
    """The log-probabilities of the frames, `(batch, time, classes)`, float32.

    Raises:
        ValueError: as `ctc_logits`.
    """
    return ops.convert_to_numpy(log_softmax(ops.convert_to_tensor(ctc_logits(logits))))


def without_blanks(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tokens among blanks `(..., time)`: the tokens in front, `(..., most)`, and how many they are."""
    lengths = np.count_nonzero(tokens, axis=-1).astype("int32")
    order = np.argsort(tokens == BLANK, axis=-1, kind="stable")[..., : lengths.max(initial=0)]
    return np.take_along_axis(tokens, order, axis=-1), lengths
