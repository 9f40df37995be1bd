"""The configuration of a reader of handwriting."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.lines.augmentation_config import LineAugmentationConfig
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.errors import require
from rnnapps.handwriting.writing.config import WriterConfig
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class LineConfig:
    """How lines are read."""

    height: int = 48
    """pixels that pictures of lines are scaled to, a multiple of 16"""
    straighten: bool = True
    """make pictures of lines level and upright, and their writing of one height, before they are read"""
    right_to_left: bool = False
    """the script runs from right to left: lines are read from their right end"""

    def __post_init__(self):
        good = self.height % 16 == 0 and 16 <= self.height <= 256
        require(self, "height", good, "a multiple of 16 from 16 to 256")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    filters: int = 64
    """of the last convolution"""
    width: int = 5
    """of the convolution over ink, in points"""
    cell: Literal["lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = (
        "lstm"
    )
    """recurrent layer; see rnnapps.layers"""
    units: int = 128
    """units of each direction"""
    depth: int = 2
    """recurrent layers, one on the other"""
    layer_dropout: float = 0.3
    """dropout before each recurrent layer, the same at all positions"""
    output_dropout: float = 0.3
    """dropout before the logits"""

    def __post_init__(self):
        require(self, "filters", self.filters >= 4 and self.filters % 4 == 0, "a multiple of 4")
        for field in ("width", "units", "depth"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("layer_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class HandwritingConfig:
    """Train a reader of handwriting and write it as a bundle."""

    task: Literal["read", "write"] = "read"
    """read lines, or write texts by hand: of ink alone can a network learn to write"""
    source: LineSourceConfig = LineSourceConfig()
    lines: LineConfig = LineConfig()
    augmentation: LineAugmentationConfig = LineAugmentationConfig()
    model: ModelConfig = ModelConfig()
    writer: WriterConfig = WriterConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/handwriting",
        epochs=20,
        patience=8,
        batch_size=16,
        learning_rate=3e-3,
        weight_decay=1e-3,
    )
