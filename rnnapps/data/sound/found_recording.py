"""A recording before it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording as its source has it; neither its text nor its samples have been looked at.

    Attributes:
        where: what errors call it: the file, or the place in it.
        text: what is said, a word or more.
        speaker: who says it, if the source tells.
        split: "train", "validation" or "test"; "train" where the source has none.
        read: gives floats `(time,)` or `(time, channels)` and their sampling rate in Hz, or raises a
            `UserError` that names the file.
        group: what must not be divided between splits; without one the recording stands for itself.
        file: the file that has nothing but this recording, if there is one.
    """

    where: str
    text: Any
    speaker: str | None
    split: str
    read: Callable[[], tuple[np.ndarray, int]]
    group: str | None = None
    file: Path | None = None
