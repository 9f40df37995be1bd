"""Texts that a search found, for the applications that write text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from rnnapps.data.text.sentence_encoder import SentenceEncoder
    from rnnapps.decoding import Hypotheses
    from rnnapps.inference.transcript import Transcript


@dataclass(frozen=True)
class Hypothesis:
    """A text that the search found.

    `score` is the log-probability with the penalties of the search, which ranks; `finished` is false
    where the text reached the limit of its length.
    """

    text: str
    score: float
    log_probability: float
    finished: bool
    align: Callable[[], Any] = field(repr=False, compare=False)

    @cached_property
    def alignment(self) -> Any:
        """Where the decoder looked; made when it is asked for, as it is a quarter of the work."""
        return self.align()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "score": round(self.score, 6),
            "log_probability": round(self.log_probability, 6),
            "finished": self.finished,
        }


def read_hypotheses(
    found: "Hypotheses",
    row: int,
    encoder: "SentenceEncoder",
    align: "Callable[[list[int], np.ndarray], Any]",
) -> tuple[Hypothesis, ...]:
    """What was found of a source, without places for which there was nothing.

    Args:
        found: what a search returned.
        row: of the source.
        encoder: of the texts.
        align: makes an alignment of the tokens that were written, the end token included, and of the
            attention at each, float32 `(tokens, positions)`.
    """
    import numpy as np

    from rnnapps.data.text.sentence_encoder import END
    from rnnapps.inference.outputs import checked

    checked(found.scores[row, :1])  # the best is there
    hypotheses = []
    for place in range(found.tokens.shape[1]):
        if not np.isfinite(found.scores[row, place]):
            continue
        length, finished = int(found.lengths[row, place]), bool(found.finished[row, place])
        tokens = found.tokens[row, place, :length].tolist()
        written = [*tokens, END] if finished else tokens
        # A copy, so that it does not keep those of the whole batch.
        weights = found.alignments[row, place, : len(written)].copy()
        hypotheses.append(
            Hypothesis(
                encoder.decode(tokens),
                float(found.scores[row, place]),
                float(found.log_probabilities[row, place]),
                finished,
                partial(align, written, weights),
            )
        )
    return tuple(hypotheses)


def describe_hypotheses(number: int, hypotheses: "Sequence[Hypothesis | Transcript]") -> str:
    """Several hypotheses of an input, a line each: `number ||| text ||| score`, as Moses prints them."""
    lines = (f"{number} ||| {one.text} ||| {one.score:.4f}" for one in hypotheses)
    return "\n".join(lines)
