"""What a chat answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rnnapps.evaluation.surprise import Surprise

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Reply:
    """A reply to what was said.

    `text` is the conversation so far, a turn a line; `log_probability` is that of the reply; `score`
    gives `surprise` when it is asked for.
    """

    text: str
    reply: str
    log_probability: float
    score: Callable[[], Surprise] = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "reply": self.reply,
            "log_probability": round(self.log_probability, 4),
        }

    def describe(self, number: int | None = None) -> str:
        """For people."""
        return self.reply

    def plot(self) -> "Figure":
        """The conversation and the reply as a strip, darker where a token surprises."""
        return self.surprise.plot()

    @cached_property
    def surprise(self) -> Surprise:
        """That of the conversation with the reply."""
        return self.score()
