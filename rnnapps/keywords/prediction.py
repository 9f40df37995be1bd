"""What a keyword recogniser answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Prediction:
    """The recognised word of a clip, and the probabilities of all words.

    `cut` tells that the clip was longer than the network reads.
    """

    clip: str
    word: str
    probabilities: dict[str, float]
    cut: bool

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clip": self.clip,
            "word": self.word,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "cut": self.cut,
        }

    def describe(self, number: int | None = None) -> str:
        """For people: word, probability, clip."""
        return f"{self.word}  {self.probabilities[self.word]:.3f}  {self.clip}"

    def plot(self) -> "Figure":
        """The probabilities of all words."""
        from rnnapps.evaluation.plots import plot_probabilities

        return plot_probabilities(self.probabilities, self.clip)
