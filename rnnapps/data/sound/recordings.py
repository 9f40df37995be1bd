"""Long recordings made of clips, where it is known what is said when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PAUSE_SECONDS = (0.5, 2.5)  # before each clip, drawn evenly
END_SECONDS = 1.0  # for the last word to be heard out
LEVEL = 1e-4  # deviation of the faint noise of a pause for which there is no sound: -80 dB of full scale


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a recording, and the seconds from and to which its clip lies in it."""

    start: float
    end: float
    word: str


def compose(
    clips: Sequence[np.ndarray],
    words: Sequence[str],
    pauses: Sequence[np.ndarray],
    sampling_rate: int,
    seed: int = 0,
    pause_seconds: tuple[float, float] = PAUSE_SECONDS,
    end_seconds: float = END_SECONDS,
) -> tuple[np.ndarray, list[SpokenWord]]:
    """A recording with every clip once, in random order, and a pause before each and behind the last.

    Args:
        clips: floats `(time,)`.
        words: what is said in each.
        pauses: sounds without a word, floats `(time,)`, of which stretches fill the pauses, one after
            the other where one is short; without any, faint noise does, as none is wholly silent.
        sampling_rate: of all, in Hz.
        seed: of the order, the pauses and the stretches.
        pause_seconds: least and most before a clip.
        end_seconds: behind the last.

    Returns:
        The samples, float32 `(time,)`, and the words in order of time.
    """
    random = np.random.default_rng(seed)
    pieces: list[np.ndarray] = []
    spoken, position = [], 0
    for number in random.permutation(len(clips)):
        pause = _pause(round(random.uniform(*pause_seconds) * sampling_rate), pauses, random)
        start = position + len(pause)
        position = start + len(clips[number])
        pieces += [pause, clips[number]]
        spoken.append(SpokenWord(start / sampling_rate, position / sampling_rate, words[number]))
    pieces.append(_pause(round(end_seconds * sampling_rate), pauses, random))
    return np.concatenate(pieces).astype("float32"), spoken


def _pause(length: int, sounds: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    if not sounds:
        return random.normal(scale=LEVEL, size=length).astype("float32")
    pieces, missing = [], length
    while missing > 0:
        sound = sounds[int(random.integers(len(sounds)))]
        start = int(random.integers(max(1, len(sound) - missing + 1)))
        pieces.append(sound[start : start + missing])
        missing -= len(pieces[-1])
    return np.concatenate(pieces)
