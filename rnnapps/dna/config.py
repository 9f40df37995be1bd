"""The configuration of a classifier of DNA sequences."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.symbols.source_config import SequenceSourceConfig
from rnnapps.errors import UsageError, require
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class SequenceConfig:
    """How sequences are read."""

    kmer: int = 3
    """bases of a token; one begins at every base"""
    aligned: bool = True
    """the sequences are cut around one point, such as a splice site: each position has an embedding of
    its own. Without it (--no-aligned) sequences of any length are read"""
    both_strands: bool = False
    """what is to be found may lie on either strand: train on the reverse complement too, and answer with
    the mean of the two"""
    mutations: float = 0.03
    """share of bases that are replaced by random ones in training"""

    def __post_init__(self):
        require(self, "kmer", 1 <= self.kmer <= 8, "from 1 to 8")
        require(self, "mutations", 0 <= self.mutations < 1, "at least 0 and below 1")
        if self.aligned and self.both_strands:
            raise UsageError("--both-strands is for sequences without a fixed place: add --no-aligned")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    embedding_size: int = 32
    """units of the embedding of a token"""
    filters: int = 64
    """of the convolution, which finds motifs"""
    width: int = 7
    """of the convolution, in tokens"""
    pool: Literal[1, 2, 4, 8] = 4
    """positions of which the maximum goes on"""
    cell: Literal["lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = (
        "gru"
    )
    """recurrent layer; see rnnapps.layers"""
    units: int = 32
    """units of each direction"""
    depth: int = 1
    """recurrent layers, one on the other"""
    token_dropout: float = 0.1
    """share of tokens whose embedding is zero in a training step"""
    embedding_dropout: float = 0.2
    """dropout of embedding units, the same at all positions"""
    filter_dropout: float = 0.2
    """dropout of filters, the same at all positions"""
    layer_dropout: float = 0.2
    """dropout between recurrent layers, the same at all positions"""
    output_dropout: float = 0.5
    """dropout before the classification layer"""

    def __post_init__(self):
        for field in ("embedding_size", "filters", "width", "units", "depth"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in (
            "token_dropout",
            "embedding_dropout",
            "filter_dropout",
            "layer_dropout",
            "output_dropout",
        ):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class DnaConfig:
    """Train a classifier of DNA sequences and write it as a bundle."""

    source: SequenceSourceConfig = SequenceSourceConfig()
    sequences: SequenceConfig = SequenceConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/dna", epochs=12, learning_rate=4e-3, weight_decay=0.05
    )
