"""The options of drawing a text, token by token."""

from dataclasses import dataclass

from rnnapps.errors import require


@dataclass(frozen=True)
class DrawingOptions:
    """How tokens are drawn."""

    temperature: float = 1.0
    """below 1 sharpens, above 1 flattens the probabilities; 0 takes the likeliest token each time"""
    top_p: float = 1.0
    """draw from the fewest tokens whose probability reaches this together; 1: from all"""
    seed: int = 1
    """of the draws"""

    def __post_init__(self):
        require(self, "temperature", 0 <= self.temperature <= 100, "from 0 to 100")
        require(self, "top_p", 0 < self.top_p <= 1, "above 0 and at most 1")
        require(self, "seed", 0 <= self.seed < 2**32, "at least 0 and below 2**32")
