"""The quiet in front of what is said."""

import numpy as np

from rnnapps.data.sound.augmentation import FRAME_SECONDS, PAUSE

MARGIN = 0.2  # seconds before the first loud sound: consonants are faint


def lead(samples: np.ndarray, sampling_rate: int) -> int:
    """The samples of a recording, floats `(time,)`, in front of its first sound.

    That is the first frame of 20 ms that is no more than 20 dB below the loudest, less 0.2 s.
    """
    size = min(len(samples), round(FRAME_SECONDS * sampling_rate))
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(frames, dtype="float64").mean(axis=1)
    first = int(np.argmax(powers >= PAUSE * powers.max()))
    return max(0, first * size - round(MARGIN * sampling_rate))
