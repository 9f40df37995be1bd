"""The configuration of a translator."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.errors import UsageError, require
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class SubwordConfig:
    """How sentences become tokens."""

    vocabulary: int = 4000
    """size of the byte-level BPE vocabulary, learnt from the training sentences, of each language or
    of both together"""
    shared_vocabulary: bool = False
    """one vocabulary for both languages"""
    max_tokens: int = 100
    """training pairs with a sentence of more tokens are left out and counted; translating has no such
    limit"""
    bpe_dropout: float = 0.0
    """share of merges skipped in training, so that words are cut up differently in every epoch"""
    source_embeddings: str | None = None
    """file of pretrained vectors of source words (word2vec or GloVe text format) to start from"""
    target_embeddings: str | None = None
    """the same of target words"""

    def __post_init__(self):
        require(self, "vocabulary", self.vocabulary >= 300, "at least 300 (256 bytes and some merges)")
        require(self, "bpe_dropout", 0 <= self.bpe_dropout < 1, "at least 0 and below 1")
        require(self, "max_tokens", self.max_tokens >= 4, "at least 4")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    cell: Literal["lstm", "gru"] = "gru"
    """recurrent layer of encoder and decoder"""
    units: int = 256
    """units of the decoder, and of each direction of the encoder"""
    encoder_depth: int = 1
    """bidirectional layers of the encoder, one on the other"""
    decoder_depth: int = 1
    """layers of the decoder, one on the other"""
    embedding_size: int = 192
    """units of the embeddings of both languages"""
    attention: Literal["additive", "multiplicative"] = "multiplicative"
    """scores of source positions: of Bahdanau et al. 2015 or of Luong et al. 2015"""
    layer_norm: bool = False
    """layer-normalised cells"""
    tie_embeddings: bool = True
    """the target embeddings are the output weights too"""
    embedding_dropout: float = 0.1
    """dropout of embeddings"""
    recurrent_dropout: float = 0.0
    """variational dropout of recurrent connections: of the states or, in an encoder without layer
    normalisation, of the recurrent weights, which its fast kernels take"""
    layer_dropout: float = 0.2
    """dropout between the layers of the encoder, and of the states that the decoder attends to"""
    output_dropout: float = 0.2
    """dropout before the logits"""

    def __post_init__(self):
        for field in ("units", "encoder_depth", "decoder_depth", "embedding_size"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("embedding_dropout", "recurrent_dropout", "layer_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class TranslationConfig:
    """Train a translator and write it as a bundle."""

    source: ParallelSourceConfig = ParallelSourceConfig()
    text: SubwordConfig = SubwordConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/translation",
        epochs=5,
        batch_size=64,
        learning_rate=2.5e-3,
        ema_momentum=0.0,
        weight_decay=1e-3,
    )
    label_smoothing: float = 0.1
    """share of the target probability that is spread over the vocabulary"""

    def __post_init__(self):
        require(self, "label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1")
        pretrained = self.text.source_embeddings or self.text.target_embeddings
        if pretrained and self.training.init_from is not None:
            raise UsageError(
                "--source-embeddings and --target-embeddings exclude --init-from: "
                "a bundle has embeddings already"
            )
