"""The options of a source of sound clips."""

import math
from dataclasses import dataclass

from rnnapps.data.source_config import SourceConfig
from rnnapps.errors import require

SAMPLING_RATES = (1000, 768_000)  # Hz: one outside is a mistake, or that of a broken header


@dataclass(frozen=True)
class SoundSourceConfig(SourceConfig):
    """Where the sound clips come from, and at which sampling rate they are used."""

    data: str = "embedded"
    """embedded (spoken digits), tfds:NAME (TensorFlow Datasets, such as tfds:speech_commands), or a
    folder with one folder a word, word/*.wav, .flac, .ogg or .mp3, as in Speech Commands, optionally
    with validation_list.txt, testing_list.txt and _background_noise_, or a folder of Common Voice whose
    sentences are single words"""
    held_out: str | None = None
    """speaker of the embedded data whose clips are the test split, so that it has a voice that is new to
    the model: george, jackson, lucas, nicolas, theo or yweweler (default: the official test split, the
    takes 0 to 4 of all six)"""
    sampling_rate: int = 8000
    """samples a second, in Hz, to which every clip is resampled; what sounds above half of it is lost.
    8000 is that of the embedded data; 16000 is that of Speech Commands, whose consonants it keeps"""
    max_seconds: float = 60.0
    """a longer clip is a bad one: a word does not last so long"""
    skip_bad: bool = False
    """leave out clips that cannot be read, are empty, silent, too long or not finite, and count them,
    instead of stopping at the first"""

    def __post_init__(self):
        super().__post_init__()
        low, high = SAMPLING_RATES
        require(self, "sampling_rate", low <= self.sampling_rate <= high, f"{low} to {high} (Hz)")
        finite = math.isfinite(self.max_seconds) and self.max_seconds > 0
        require(self, "max_seconds", finite, "a number of seconds above 0")
