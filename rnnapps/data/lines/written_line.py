"""A line of writing, and what it says."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class WrittenLine:
    """A line and its text.

    Attributes:
        content: of paper grey pixels, uint8 `(height, width)`, 0 for black and 255 for white, of any
            size; of a pen points, float32 `(points, 3)`: x, y (which grows downwards) and 1 where the
            pen leaves the paper behind the point, else 0.
        text: what is written there.
        group: its writer or document, which is not divided between splits.
        where: the file, or the place in it.
    """

    content: np.ndarray
    text: str
    group: str
    where: str
