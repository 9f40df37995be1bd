"""What a translator answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.data.text.words import words
from rnnapps.inference.hypothesis import Hypothesis, describe_hypotheses

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Alignment:
    """Where the decoder looked.

    `weights` are float32 `(target words, source words)`: the attention that a source word got while a
    target word was written, over whose tokens it is the mean. The last word of each is the end token.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: np.ndarray


@dataclass(frozen=True)
class Translation:
    """A sentence and its translations, best first; an empty one has an empty one, of score 0."""

    source: str
    hypotheses: tuple[Hypothesis, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "translation": self.text,
            "hypotheses": [hypothesis.to_dict() for hypothesis in self.hypotheses],
        }

    def describe(self, number: int | None = None) -> str:
        """For people: the text or, with its number, each as `number ||| text ||| score` (Moses)."""
        if number is None:
            return self.text
        return describe_hypotheses(number, self.hypotheses)

    def plot(self) -> "Figure":
        """The alignment of the best translation."""
        from rnnapps.evaluation.plots import plot_alignment

        best = self.hypotheses[0].alignment
        return plot_alignment(best.source, best.target, best.weights)


def align_words(
    encoders: tuple[SentenceEncoder, SentenceEncoder],
    source: Sequence[int],
    target: Sequence[int],
    weights: np.ndarray,
) -> Alignment:
    """The alignment of words from that of tokens, `weights` float32 `(target tokens, source tokens)`.

    Behind the source there may be columns of padding.
    """
    columns = words(encoders[0].tokenizer, source)
    rows = words(encoders[1].tokenizer, target)
    of_words = [
        [weights[np.ix_(places, positions)].sum(axis=1).mean() for _, positions in columns]
        for _, places in rows
    ]
    return Alignment(
        tuple(word for word, _ in columns),
        tuple(word for word, _ in rows),
        np.array(of_words, dtype="float32").reshape(len(rows), len(columns)),
    )


def no_alignment() -> Alignment:
    """That of an empty sentence."""
    return Alignment((), (), np.zeros((0, 0), dtype="float32"))
