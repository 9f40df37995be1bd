"""The configuration of a sentiment classifier."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.data.text.text_config import TextConfig
from rnnapps.errors import UsageError, require
from rnnapps.networks.next_token_config import WITH_WEIGHT_DROP
from rnnapps.training.config import TrainingConfig

GLOVE, GLOVE_SIZE = "glove", 100  # the name and the units of the vectors that come with rnnapps


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    cell: Literal["lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = (
        "lstm"
    )
    """recurrent layer; see rnnapps.layers"""
    units: int = 64
    """units of each direction"""
    depth: int = 1
    """recurrent layers, one on the other"""
    residual: bool = False
    """add the input of each recurrent layer but the first to its output"""
    embedding_size: int = 96
    """units of the embedding; as many as pretrained vectors have"""
    pooling: Literal["attention", "attention-max", "last"] = "attention-max"
    """from states to one vector: their attention-weighted mean, that and their maximum, or the last
    state of each direction"""
    token_dropout: float = 0.2
    """share of tokens whose embedding is zero in a training step"""
    embedding_dropout: float = 0.5
    """dropout of embedding units, the same at all time steps"""
    layer_dropout: float = 0.3
    """dropout between recurrent layers, the same at all time steps"""
    output_dropout: float = 0.5
    """dropout before the classification layer"""
    weight_drop: float = 0.0
    """share of the recurrent weights that is zero in a training step (Wan et al. 2013)"""
    linear: bool = True
    """answer with the mean of the network and of a linear classifier of tokens and pairs of tokens, with
    the shares that the validation rows choose"""

    def __post_init__(self):
        for field in ("units", "depth", "embedding_size"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        rates = ("token_dropout", "embedding_dropout", "layer_dropout", "output_dropout", "weight_drop")
        for field in rates:
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")
        allowed = not self.weight_drop or self.cell in WITH_WEIGHT_DROP
        require(self, "weight_drop", allowed, f"0 with --cell {self.cell}")


@dataclass(frozen=True)
class SentimentConfig:
    """Train a sentiment classifier and write it as a bundle."""

    source: TextSourceConfig = TextSourceConfig()
    text: TextConfig = TextConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(output="runs/sentiment")
    init_backward: str | None = None
    """language model of --direction backward, beside --init-from one that reads forward"""
    class_weights: bool = False
    """weigh each class by the inverse of its frequency, in training"""

    def __post_init__(self):
        if self.text.embeddings is not None and self.training.init_from is not None:
            raise UsageError("--embeddings and --init-from exclude each other")
        if self.init_backward is not None and self.training.init_from is None:
            raise UsageError("--init-backward needs --init-from, a language model that reads forward")
        if self.text.embeddings == GLOVE:
            fits = self.model.embedding_size == GLOVE_SIZE
            require(self.model, "embedding_size", fits, f"{GLOVE_SIZE} with --embeddings {GLOVE}")
