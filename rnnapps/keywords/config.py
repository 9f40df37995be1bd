"""The configuration of a keyword recogniser."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.sound.augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.errors import require
from rnnapps.training.config import TrainingConfig


@dataclass(frozen=True)
class ClipConfig:
    """What of a clip is read, and which words are told apart."""

    seconds: float = 1.0
    """length of what the network reads of a clip: a shorter one stands in the middle of zeros, of a
    longer one it is the part around its centre of energy"""
    words: str | None = None
    """words to recognise, separated by commas, such as yes,no,stop; all others become `_unknown_`
    (default: every word of the source)"""
    unknown_ratio: float = 2.0
    """clips of `_unknown_` in each split, at most, for each clip of a target word on average; 0: all"""
    silence_ratio: float = 1.0
    """clips of `_silence_` that are made of `_background_noise_`, for each clip of a target word on
    average, where the source has the noise and no `_silence_`; 0: none"""

    def __post_init__(self):
        require(self, "seconds", 0.1 <= self.seconds <= 30, "0.1 to 30 (seconds)")
        require(self, "unknown_ratio", 0 <= self.unknown_ratio <= 1000, "0 to 1000")
        require(self, "silence_ratio", 0 <= self.silence_ratio <= 10, "0 to 10")
        if self.words is not None:
            names = self.target_words()
            require(self, "words", bool(names) and all(names), "names separated by commas")
            require(self, "words", len(set(names)) == len(names), "different names")

    def target_words(self) -> tuple[str, ...]:
        """The names of `words`; none if every word of the source is one."""
        return () if self.words is None else tuple(name.strip() for name in self.words.split(","))


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    architecture: Literal["gru", "lstm", "crnn", "att_rnn"] = "crnn"
    """gru, lstm: recurrent layers over the spectrogram; crnn: causal convolutions before them; att_rnn:
    convolutions, bidirectional layers and attention, which needs the whole clip and cannot stream"""
    units: int = 96
    """units of a recurrent layer, of each direction"""
    depth: int = 1
    """recurrent layers, one on the other"""
    cell: Literal["lstm", "gru", "min_lstm", "min_gru", "layer_norm_lstm", "layer_norm_gru"] = "gru"
    """recurrent layer of crnn and att_rnn"""
    pooling: Literal["attention", "last"] = "attention"
    """from the states of gru, lstm and crnn to one vector: attention over the last --seconds, or the
    last state; att_rnn has attention"""
    filters: int = 32
    """filters of each convolution"""
    mels: int = 40
    """bands of the spectrogram"""
    time_masks: int = 2
    """stretches of time that are hidden in a training step"""
    time_width: int = 8
    """frames (20 ms) of one of them, at most"""
    frequency_masks: int = 2
    """groups of neighbouring bands that are hidden in a training step"""
    frequency_width: int = 8
    """bands of one of them, at most"""
    layer_dropout: float = 0.2
    """dropout of the inputs of recurrent layers, the same at all time steps"""
    output_dropout: float = 0.3
    """dropout before the classification layer"""

    def __post_init__(self):
        for field in ("units", "depth", "filters"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        require(self, "mels", 8 <= self.mels <= 128, "8 to 128")
        for field in ("time_masks", "time_width", "frequency_masks", "frequency_width"):
            require(self, field, getattr(self, field) >= 0, "at least 0")
        for field in ("layer_dropout", "output_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class KeywordsConfig:
    """Train a keyword recogniser and write it as a bundle."""

    source: SoundSourceConfig = SoundSourceConfig()
    clips: ClipConfig = ClipConfig()
    augmentation: SoundAugmentationConfig = SoundAugmentationConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(output="runs/keywords", epochs=45, patience=45)
    label_smoothing: float = 0.1
    """share of the target probability that is spread over the classes"""

    def __post_init__(self):
        require(self, "label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1")


@dataclass(frozen=True)
class DetectionConfig:
    """From the probabilities of a stream to words."""

    threshold: float = 0.6
    """smoothed probability from which a word is detected"""
    smoothing: float = 0.4
    """seconds over which probabilities are averaged"""
    refractory: float = 0.6
    """seconds after a detection in which nothing is detected"""

    def __post_init__(self):
        require(self, "threshold", 0 < self.threshold <= 1, "above 0 and at most 1")
        require(self, "smoothing", 0 <= self.smoothing <= 10, "0 to 10 (seconds)")
        require(self, "refractory", 0 <= self.refractory <= 60, "0 to 60 (seconds)")
