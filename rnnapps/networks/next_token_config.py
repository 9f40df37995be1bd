"""The configuration of a network that predicts the next token."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.errors import require

WITH_WEIGHT_DROP = ("lstm", "gru", "rnn")


@dataclass(frozen=True)
class NextTokenConfig:
    """The network."""

    cell: Literal["lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = (
        "lstm"
    )
    """recurrent layer; see rnnapps.layers"""
    units: int = 448
    """units of each recurrent layer"""
    depth: int = 1
    """recurrent layers, one on the other"""
    residual: bool = False
    """add the input of each recurrent layer but the first to its output"""
    embedding_size: int = 128
    """units of the embedding, whose weights are those of the logits too"""
    tied: bool = True
    """use the weights of the embedding for the logits (Inan et al. 2017)"""
    embedding_dropout: float = 0.0
    """share of the vocabulary whose embedding is zero in a training step"""
    input_dropout: float = 0.0
    """dropout of embedding units, the same at all time steps"""
    layer_dropout: float = 0.0
    """dropout between recurrent layers, the same at all time steps"""
    output_dropout: float = 0.0
    """dropout before the logits, the same at all time steps"""
    weight_drop: float = 0.0
    """share of the recurrent weights that is zero in a training step (Wan et al. 2013)"""
    activation_penalty: float = 0.0
    """weight of the mean square of the last layer's output in the loss (AR)"""
    change_penalty: float = 0.0
    """weight of the mean square of its change from step to step (TAR)"""

    def __post_init__(self):
        for field in ("units", "depth", "embedding_size"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("embedding_dropout", "input_dropout", "layer_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")
        require(self, "weight_drop", 0 <= self.weight_drop < 1, "at least 0 and below 1")
        allowed = not self.weight_drop or self.cell in WITH_WEIGHT_DROP
        require(self, "weight_drop", allowed, f"0 with --cell {self.cell}")
        for field in ("activation_penalty", "change_penalty"):
            require(self, field, getattr(self, field) >= 0, "at least 0")
