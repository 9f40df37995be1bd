"""One picture and what people say of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class CaptionedPicture:
    """A picture that is read when it is asked for, its captions, and where it stands (`images/a.jpg`).

    Attributes:
        pixels: called with the height and width that they are to have, gives uint8
            `(height, width, 3)`; see `rnnapps.data.pictures.files.read_picture`, also for errors.
        captions: at least one.
        key: stands for the picture's content, as for what was computed of it: the same for copies.
        where: the file, or the place in it.
    """

    pixels: Callable[[tuple[int, int]], np.ndarray]
    captions: tuple[str, ...]
    key: str
    where: str
