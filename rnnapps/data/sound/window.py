"""A clip at the length that a network reads."""

import numpy as np


def sound_window(samples: np.ndarray, length: int, shift: int = 0) -> np.ndarray:
    """Bring a clip to `length` samples, float32 `(length,)`; a clip that has them comes as it is.

    A shorter clip stands in the middle of zeros. Of a longer one comes the part around its centre of
    energy, where the word is. All of this for inference too, where nothing is shifted.

    Args:
        samples: floats `(time,)`; there may be none.
        length: at least 1.
        shift: samples by which all is later (or earlier, below 0). What leaves the window is lost; what
            enters is the clip's where it has something there, else zeros.
    """
    start = (length - len(samples)) // 2
    if start < 0:
        start = -_loudest(samples, length)
    start += shift
    window = np.zeros(length, "float32")
    first, last = max(start, 0), min(start + len(samples), length)
    if first < last:
        window[first:last] = samples[first - start : last - start]
    return window


def _loudest(samples: np.ndarray, length: int) -> int:
    """Where the window begins whose middle is the centre of energy, inside the clip."""
    energy = np.square(samples, dtype="float64")
    total = energy.sum()
    # Not by `@`: BLAS begins threads for so little, which costs far more than it.
    centre = (energy * np.arange(len(samples))).sum() / total if total > 0 else len(samples) / 2
    return int(np.clip(centre - length / 2, 0, len(samples) - length))
