"""What a chat answers."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnapps.evaluation.surprise import Surprise

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Reply:
    """A reply to what was said.

    `text` is the conversation so far, a turn a line; `log_probability` is that of the reply, and
    `surprise` that of each token of both.
    """

    text: str
    reply: str
    log_probability: float
    surprise: Surprise = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "reply": self.reply,
            "log_probability": round(self.log_probability, 4),
        }

    def describe(self, number: int) -> str:
        """For people."""
        return self.reply

    def plot(self) -> "Figure":
        """The conversation and the reply as a strip, darker where a token surprises."""
        return self.surprise.plot()
