"""What a captioner answers."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.inference.hypothesis import Hypothesis, describe_hypotheses

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class AttentionMap:
    """Where the decoder looked: float32 `(words, rows, columns)`, the share of attention that each place
    of the picture got while a word was written; of a word of several tokens the mean of theirs. The
    last word is the end token.
    """

    words: tuple[str, ...]
    weights: np.ndarray


@dataclass(frozen=True)
class Caption:
    """A picture and its captions, best first; `pixels` are those that the network saw."""

    picture: str
    hypotheses: tuple[Hypothesis, ...]
    pixels: np.ndarray = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The best caption."""
        return self.hypotheses[0].text

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "picture": self.picture,
            "caption": self.text,
            "hypotheses": [hypothesis.to_dict() for hypothesis in self.hypotheses],
        }

    def describe(self, number: int | None = None) -> str:
        """For people: the caption behind the name of the file or, with its number, one a line."""
        if number is None:
            return f"{self.picture}\t{self.text}"
        return f"{number} ||| {self.picture}\n{describe_hypotheses(number, self.hypotheses)}"

    def plot(self) -> "Figure":
        """The picture once for each word, with where the network looked."""
        from rnnapps.evaluation.plots import plot_attention_map

        looked = self.hypotheses[0].alignment
        return plot_attention_map(self.pixels, looked.words, looked.weights)
