"""What a reader of handwriting answers."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnapps.inference.hypothesis import describe_hypotheses
from rnnapps.inference.transcript import Transcript, with_others

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Reading:
    """The text of a line, and the other texts that it may have.

    `content` is what was read, and `places` is x of each step of it in order of reading, for drawing.
    """

    line: str
    hypotheses: tuple[Transcript, ...]
    content: "np.ndarray" = field(repr=False, compare=False)
    places: "np.ndarray" = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The likeliest."""
        return self.hypotheses[0].text

    @property
    def confidence(self) -> float:
        """The mean confidence of its characters, from 0 to 1; 0 of an empty text."""
        characters = self.hypotheses[0].characters
        return sum(one.confidence for one in characters) / max(1, len(characters))

    def to_dict(self) -> dict[str, Any]:
        """For JSON: places of characters are shares of the line's length, from 0 to 1."""
        best = self.hypotheses[0].to_dict()
        values = {"line": self.line, "confidence": round(self.confidence, 4), **best}
        return with_others(values, self.hypotheses)

    def describe(self, number: int | None = None) -> str:
        """For people: the text and its line or, with its number, each text with its score."""
        if number is None:
            return f"{self.text}\t{self.confidence:.2f}\t{self.line}"
        return describe_hypotheses(number, self.hypotheses)

    def plot(self) -> "Figure":
        """The line with each character over its place, and how sure it is."""
        from rnnapps.evaluation.transcript_plots import plot_transcript

        return plot_transcript(self.content, self.places, self.hypotheses[0].characters)
