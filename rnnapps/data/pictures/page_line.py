"""A line of a page."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class PageLine:
    """A line as ALTO or PAGE XML has it.

    Attributes:
        id: of the line, which no other of its page has.
        polygon: around the line, or the corners of its box, float64 `(points, 2)`: x and y, in the
            page's measures; without points where the page has neither.
        text: what is written there, or "".
    """

    id: str
    polygon: np.ndarray
    text: str
