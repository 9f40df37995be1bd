"""The configuration of a recogniser of speech."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.sound.augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.text.spoken_form_config import SpokenFormConfig
from rnnapps.errors import UsageError, require
from rnnapps.training.config import TrainingConfig

LOWEST_RATE = 8000  # Hz: that of the telephone
HEAD = 10  # frames at the beginning of a stream, in which nothing is written
TAIL = 10  # frames behind a recording, in which the network writes what it heard last


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    hop: float = 0.015
    """seconds from one frame of the spectrogram to the next; characters come every two of them"""
    mels: int = 40
    """bands of the spectrogram"""
    filters: int = 32
    """filters of each convolution"""
    cell: Literal["lstm", "gru", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = "lstm"
    """recurrent layer; see rnnapps.layers"""
    direction: Literal["forward", "both"] = "forward"
    """forward: it hears a stream; both: layers run in both directions, and need the whole recording"""
    units: int = 256
    """units of a recurrent layer, of each direction"""
    depth: int = 2
    """recurrent layers, one on the other"""
    normalise: bool = False
    """normalise the output of each recurrent layer"""
    residual: bool = False
    """add the input of each recurrent layer to its output, where they have the same size"""
    time_masks: int = 0
    """stretches of time that are hidden in a training step"""
    time_width: int = 5
    """frames of one of them, at most"""
    frequency_masks: int = 0
    """groups of neighbouring bands that are hidden in a training step"""
    frequency_width: int = 5
    """bands of one of them, at most"""
    layer_dropout: float = 0.0
    """dropout of the inputs of recurrent layers, the same at all time steps"""
    output_dropout: float = 0.1
    """dropout before the logits"""

    def __post_init__(self):
        require(self, "hop", 0.005 <= self.hop <= 0.03, "0.005 to 0.03 (seconds)")
        require(self, "mels", 8 <= self.mels <= 80, "8 to 80")
        for field in ("filters", "units", "depth"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("time_masks", "time_width", "frequency_masks", "frequency_width"):
            require(self, field, getattr(self, field) >= 0, "at least 0")
        for field in ("layer_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class WrittenConfig:
    """What the network writes at a time."""

    tokens: Literal["characters", "subwords"] = "characters"
    """characters, or subwords: pieces of words that are learnt from the training texts, for which a
    network needs many of them"""
    vocabulary: int = 200
    """of subwords: how many, at most; single characters are among them"""

    def __post_init__(self):
        require(self, "vocabulary", self.vocabulary >= 1, "at least 1")

    @property
    def subwords(self) -> int:
        """How many are learnt: none of characters."""
        return self.vocabulary if self.tokens == "subwords" else 0


@dataclass(frozen=True)
class SpeechConfig:
    """Train a recogniser of speech and write it as a bundle."""

    source: SpeechSourceConfig = SpeechSourceConfig()
    text: SpokenFormConfig = SpokenFormConfig()
    tokens: WrittenConfig = WrittenConfig()
    augmentation: SoundAugmentationConfig = SoundAugmentationConfig(
        colour=0.0, recording_noise=0.0, gain=3.0
    )
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/speech",
        epochs=16,
        patience=10,
        batch_size=8,
        learning_rate=2e-3,
        weight_decay=1e-3,
    )

    def __post_init__(self):
        if self.source.sampling_rate < LOWEST_RATE:
            raise UsageError(
                f"--sampling-rate must be at least {LOWEST_RATE} for speech, got "
                f"{self.source.sampling_rate}"
            )


@dataclass(frozen=True)
class UtteranceConfig:
    """Where a stream is divided."""

    pause: float = 0.8
    """seconds without a character behind which what was said is complete"""

    def __post_init__(self):
        require(self, "pause", 0.1 <= self.pause <= 10, "0.1 to 10 (seconds)")
