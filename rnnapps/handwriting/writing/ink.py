"""What the writer has written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.strokes.points import to_strokes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Ink:
    """A text and the ink of it.

    Attributes:
        text: what was to be written, its lines parted by newlines.
        points: float32 `(points, 3)`: x, y (which grows downwards), and 1 where the pen leaves the paper
            behind the point, else 0. The unit is the height of the writing, the standard deviation of y
            in a line.
        places: int32 `(points,)`: the character of the text that the window lay on at each point.
        finished: whether all lines were written to their ends.
    """

    text: str
    points: np.ndarray
    places: np.ndarray
    finished: bool

    @property
    def strokes(self) -> list[np.ndarray]:
        """The points of each stroke, float32 `(points, 2)`."""
        return to_strokes(self.points)

    def to_dict(self) -> dict[str, Any]:
        """For JSON, as `rnnapps.data.strokes.json_strokes` reads it: x and y of each point."""
        strokes = [[[round(float(x), 3), round(float(y), 3)] for x, y in one] for one in self.strokes]
        return {"text": self.text, "finished": self.finished, "strokes": strokes}

    def describe(self, number: int | None = None) -> str:
        """For people: the text, and how many strokes it took."""
        lines = self.text.replace("\n", " / ")
        rest = "" if self.finished else ", not to its end: write it with another seed or more bias"
        return f"{lines}  {len(self.strokes)} strokes{rest}"

    def plot(self) -> "Figure":
        """The ink, black on white."""
        from matplotlib.figure import Figure

        low, high = self.points[:, :2].min(axis=0) - 1, self.points[:, :2].max(axis=0) + 1
        figure = Figure(figsize=(high - low) / 7)  # a line of forty characters is as wide as a page
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(high[1], low[1])
        for x, y in (stroke.T for stroke in self.strokes):
            dot = "." if len(x) == 1 else ""
            axes.plot(
                x, y, "black", linewidth=1.2, marker=dot, solid_capstyle="round", solid_joinstyle="round"
            )
        return figure
