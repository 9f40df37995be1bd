"""What a classifier of DNA sequences answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Prediction:
    """The predicted label of a sequence, and its probabilities.

    `saliency`, if it was asked for, has for each base the fall of the label's probability when that base
    is unknown.
    """

    name: str
    sequence: str
    label: str
    probabilities: dict[str, float]
    saliency: tuple[float, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values: dict[str, Any] = {
            "name": self.name,
            "sequence": self.sequence,
            "label": self.label,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
        }
        if self.saliency is not None:
            values["saliency"] = [round(value, 6) for value in self.saliency]
        return values

    def describe(self, number: int | None = None) -> str:
        """For people: label, probability, name, and with saliency the bases that decide."""
        line = f"{self.label}  {self.probabilities[self.label]:.3f}  {self.name}"
        falls = list(enumerate(self.saliency or ()))
        strongest = sorted(falls, key=lambda fall: -fall[1])[:10]
        bases = [
            f"    {fall:+.3f}  {self.sequence[place]} at {place + 1}"
            for place, fall in sorted(strongest)
        ]
        return "\n".join([line, *bases])

    def plot(self) -> "Figure":
        """The bases and their saliency."""
        from rnnapps.evaluation.plots import plot_positions

        title = f"{self.label} ({self.probabilities[self.label]:.2f})"
        return plot_positions(self.sequence, self.saliency or (), "fall of the probability", title)
