"""What a language model answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rnnapps.evaluation.surprise import Surprise

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Continuation:
    """A text and how it goes on: one or several continuations, each with its log-probability.

    `score` gives `surprise` when it is asked for; `shown` tells that it was written to the terminal
    already.
    """

    text: str
    continuations: tuple[str, ...]
    log_probabilities: tuple[float, ...]
    score: Callable[[], Surprise] = field(repr=False, compare=False)
    shown: bool = field(default=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "continuations": list(self.continuations),
            "log_probabilities": [round(value, 4) for value in self.log_probabilities],
        }

    def describe(self, number: int | None = None) -> str:
        """For people: the text goes on, once for each continuation."""
        if self.shown:
            return ""
        return "\n\n".join(f"{self.text}{more}" for more in self.continuations)

    def plot(self) -> "Figure":
        """The text with its first continuation as a strip, darker where a token surprises."""
        return self.surprise.plot()

    @cached_property
    def surprise(self) -> Surprise:
        """That of the text with its first continuation."""
        return self.score()
