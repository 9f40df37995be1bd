"""The quiet in front of what is said."""

import numpy as np

from rnnapps.data.sound.augmentation import FRAME_SECONDS, PAUSE

MARGIN = 0.2  # seconds before the first loud sound: consonants are faint


def first_sound(samples: np.ndarray, sampling_rate: int) -> int:
    """The first frame of 20 ms of a recording, floats `(time,)`, that is no more than 20 dB below the
    loudest: the samples in front of it.
    """
    size = min(len(samples), round(FRAME_SECONDS * sampling_rate))
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(frames, dtype="float64").mean(axis=1)
    return int(np.argmax(powers >= PAUSE * powers.max())) * size


def lead(samples: np.ndarray, sampling_rate: int) -> int:
    """The samples of the quiet in front of what is said: 0.2 s less than those of `first_sound`."""
    return max(0, first_sound(samples, sampling_rate) - round(MARGIN * sampling_rate))
