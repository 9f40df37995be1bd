"""One recording, and the text that is spoken in it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class SpokenText:
    """The samples of a recording, what is said in it and by whom, and where it stands.

    Attributes:
        samples: float32 `(time,)`, at least one; full scale is -1 to 1.
        text: what is said, with single spaces.
        speaker: who says it, or None where the source does not tell.
        group: what is not divided between splits: the speaker, the text, or what the source names.
        where: the file, or the place in it.
    """

    samples: np.ndarray
    text: str
    speaker: str | None
    group: str
    where: str
