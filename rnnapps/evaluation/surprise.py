"""How likely the tokens of a text are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rnnapps.inference.text_generator import TextGenerator


@dataclass(frozen=True)
class Surprise:
    """How likely each token of a text is after those before it.

    `log_probabilities` are natural logarithms, one for each of `tokens`.
    """

    text: str
    tokens: tuple[str, ...]
    log_probabilities: tuple[float, ...]

    @classmethod
    def of(cls, generator: "TextGenerator", texts: Sequence[str]) -> list[Self]:
        """That of texts, each from the beginning of a document, or from its end as the model reads."""
        encoder = generator.encoder
        ids = [encoder.encode(text) for text in texts]
        order = 1 if encoder.config.direction == "forward" else -1
        pieces = [tuple(encoder.pieces(some.tolist()))[::order] for some in ids]
        values = [tuple(some.tolist())[::order] for some in generator.log_probabilities(ids)]
        return [cls(*one) for one in zip(texts, pieces, values, strict=True)]

    @property
    def perplexity(self) -> float:
        """By token."""
        return math.exp(-sum(self.log_probabilities) / max(1, len(self.log_probabilities)))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "perplexity": round(self.perplexity, 4),
            "tokens": [
                [token, round(value, 6)]
                for token, value in zip(self.tokens, self.log_probabilities, strict=True)
            ],
        }

    def describe(self, number: int | None = None) -> str:
        """For people: the perplexity, and a line for each token with its bits of surprise as a bar."""
        lines = [f"perplexity {self.perplexity:.1f} by token  {self.text}"]
        for token, value in zip(self.tokens, self.log_probabilities, strict=True):
            bits = -value / math.log(2)
            lines.append(f"    {bits:5.1f} bits {'█' * min(round(bits), 20):<20} {token!r}")
        return "\n".join(lines)

    def plot(self) -> "Figure":
        """The text as a strip, darker where it surprises."""
        from rnnapps.evaluation.plots import plot_surprise

        bits = [-value / math.log(2) for value in self.log_probabilities]
        return plot_surprise(self.tokens, bits, f"perplexity {self.perplexity:.1f} by token")
