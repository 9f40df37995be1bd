"""The configuration of a captioner."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.errors import require
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class EncoderConfig:
    """The network that looks at a picture."""

    encoder: str = "efficientnet_lite0"
    """efficientnet_lite0 (its ImageNet weights come with rnnapps), a network of keras.applications such
    as MobileNetV2, or small_cnn, for small pictures, from random weights"""
    encoder_weights: str | None = None
    """file of its weights (default: those of ImageNet, which Keras fetches for its networks)"""
    train_encoder: bool = False
    """train the encoder too: as a second phase, with --init-from and a low --learning-rate such as 1e-4.
    Each picture then passes through it in each epoch. The small CNN is always trained"""
    feature_cache: str = "~/.cache/rnnapps/features"
    """folder for the features of pictures, which an encoder that is not trained makes once"""

    @property
    def trained(self) -> bool:
        """Whether the encoder is trained with the rest."""
        return self.train_encoder or self.encoder == "small_cnn"

    @property
    def ships(self) -> bool:
        """Whether its weights come with rnnapps, so that a bundle need not hold them."""
        return self.encoder == "efficientnet_lite0" and self.encoder_weights is None


@dataclass(frozen=True)
class VocabularyConfig:
    """How captions become tokens."""

    tokens: Literal["words", "subwords"] = "subwords"
    """words: lower-cased, without punctuation, as captions are scored; subwords: byte-level BPE, which
    keeps case and punctuation and writes any script"""
    word_count: int = 5
    """how often a word must come in the training captions; rarer ones are never said"""
    vocabulary: int = 1000
    """size of the vocabulary of subwords"""
    captions: int = 5
    """captions of a picture in an epoch, or as many as pictures have on average, if these are fewer;
    pictures with more captions are resampled each epoch"""
    max_tokens: int = 30
    """longest caption that is trained on, and that is written; longer ones are left out and counted"""

    def __post_init__(self):
        require(self, "word_count", self.word_count >= 1, "at least 1")
        require(self, "vocabulary", self.vocabulary >= 300, "at least 300 (256 bytes and some merges)")
        require(self, "captions", 1 <= self.captions <= 100, "1 to 100")
        require(self, "max_tokens", 4 <= self.max_tokens <= 200, "4 to 200")


@dataclass(frozen=True)
class ModelConfig:
    """The network that tells."""

    cell: Literal["lstm", "gru"] = "lstm"
    """recurrent layer"""
    units: int = 384
    """units of its state, and of what it sees of each place of the picture"""
    embedding_size: int = 256
    """units of the embeddings of tokens"""
    attention: Literal["additive", "multiplicative"] = "multiplicative"
    """scores of the places of a picture: of Bahdanau et al. 2015, as Show, Attend and Tell has them, or
    of Luong et al. 2015, with which a training step takes half as long"""
    gate: bool = True
    """gating scalar: how much the decoder looks at the picture at all (Show, Attend and Tell, 4.2.1)"""
    doubly_stochastic: float = 1.0
    """weight of the loss that asks attention to look everywhere once (the same, 4.2.1); 0: none"""
    tie_embeddings: bool = True
    """the embeddings are the output weights too"""
    feature_dropout: float = 0.3
    """dropout of the features of a picture"""
    embedding_dropout: float = 0.3
    """dropout of embeddings"""
    recurrent_dropout: float = 0.0
    """variational dropout of recurrent connections"""
    output_dropout: float = 0.3
    """dropout before the logits"""

    def __post_init__(self):
        for field in ("units", "embedding_size"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        require(self, "doubly_stochastic", 0 <= self.doubly_stochastic <= 100, "0 to 100")
        for field in ("feature_dropout", "embedding_dropout", "recurrent_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class CaptioningConfig:
    """Train a captioner and write it as a bundle."""

    source: CaptionSourceConfig = CaptionSourceConfig()
    encoder: EncoderConfig = EncoderConfig()
    text: VocabularyConfig = VocabularyConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/captioning",
        epochs=20,
        batch_size=32,
        learning_rate=1e-3,
        ema_momentum=0.0,
        weight_decay=1e-3,
    )
    label_smoothing: float = 0.1
    """share of the target probability that is spread over the vocabulary"""

    def __post_init__(self):
        require(self, "label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1")
