"""How long texts are cut for training."""

from dataclasses import dataclass

from rnnapps.errors import require


@dataclass(frozen=True)
class PieceConfig:
    """The pieces of truncated backpropagation through time."""

    steps: int = 64
    """tokens of a document in a batch, in the mean: how far the gradient goes back; the state is carried
    on"""
    vary_steps: bool = True
    """draw the length of each batch from 0.75, 1 and 1.25 times --steps"""

    def __post_init__(self):
        require(self, "steps", self.steps >= 8 and self.steps % 8 == 0, "a multiple of 8")
