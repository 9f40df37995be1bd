"""What a sentiment classifier answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Encoding

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Prediction:
    """The predicted label of a text, and its probabilities.

    `words` are the words of the text and the share of attention that each got, if asked for; `cut`
    tells that the text was longer than the network reads.
    """

    text: str
    label: str
    probabilities: dict[str, float]
    cut: bool
    words: tuple[tuple[str, float], ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {
            "text": self.text,
            "label": self.label,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "cut": self.cut,
        }
        if self.words is not None:
            values["words"] = [[word, round(share, 6)] for word, share in self.words]
        return values

    def describe(self, number: int | None = None) -> str:
        """For people: label, probability, text, and with attention a bar for each word."""
        lines = [f"{self.label}  {self.probabilities[self.label]:.3f}  {self.text}"]
        for word, share in self.words or ():
            lines.append(f"    {share:6.1%} {'█' * round(share * 40):<20} {word}")
        return "\n".join(lines)

    def plot(self) -> "Figure":
        """The words and their shares of attention."""
        from rnnapps.evaluation.plots import plot_word_weights

        return plot_word_weights(
            self.words or (), f"{self.label} ({self.probabilities[self.label]:.2f})"
        )


def words_of(
    text: str, encoding: Encoding, kept: np.ndarray, weights: np.ndarray
) -> tuple[tuple[str, float], ...]:
    """Add up the attention of the tokens of each word; words outside what was read have none."""
    shares: dict[int, float] = {}
    spans: dict[int, tuple[int, int]] = {}
    for position, weight in zip(kept, weights, strict=False):  # weights go on over the padding
        word = encoding.word_ids[position]
        start, end = encoding.offsets[position]
        shares[word] = shares.get(word, 0.0) + float(weight)
        first, last = spans.get(word, (start, end))
        spans[word] = (min(first, start), max(last, end))
    named = ((text[slice(*spans[word])].strip(), share) for word, share in shares.items())
    return tuple((word, share) for word, share in named if word)  # spaces are words to the encoder
