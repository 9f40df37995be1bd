"""One recording of a word."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class SoundClip:
    """The samples of a clip, what is said in it and by whom, and where it stands (`yes/0a1b.wav`).

    Attributes:
        samples: float32 `(time,)`, at least one; full scale is -1 to 1.
        word: what is said.
        speaker: who says it, or None where the source does not tell.
        where: the file, or the place in it.
        group: what must not be divided between splits, such as the speaker.
        content: the same for copies, sample for sample.
    """

    samples: np.ndarray
    word: str
    speaker: str | None
    where: str
    group: str = ""
    content: str = ""
