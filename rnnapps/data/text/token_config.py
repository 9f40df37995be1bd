"""What the tokens of running text are."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.errors import require


@dataclass(frozen=True)
class TokenConfig:
    """How running text becomes tokens."""

    tokens: Literal["subwords", "characters", "bytes", "words"] = "subwords"
    """subwords (byte-level BPE), characters, bytes of UTF-8, or words: what white space and line ends
    divide, each line end a word too, as Penn Treebank counts"""
    vocabulary: int = 2000
    """tokens at most, learnt from the training text: of words and characters the most frequent"""
    direction: Literal["forward", "backward"] = "forward"
    """backward: texts are read from their end, for a classifier that reads both ways; such a model
    scores texts, and writes none"""

    def __post_init__(self):
        least = 300 if self.tokens == "subwords" else 2
        require(self, "vocabulary", self.vocabulary >= least, f"at least {least} with these tokens")
