"""What was known last."""

import numpy as np


def carried_on(values: np.ndarray, known: np.ndarray, first: np.ndarray | int = 0) -> np.ndarray:
    """Values `(rows, time, columns)` with each unknown one replaced by the last known before it.

    Args:
        values: of which the unknown are anything.
        known: whether each is known, of the same shape.
        first: the step whose value stands before the first known one, `(rows, 1, columns)`.
    """
    steps = np.arange(values.shape[1])[:, None]
    last = np.maximum.accumulate(np.where(known, steps, first), axis=1)
    return np.take_along_axis(values, last, axis=1)
