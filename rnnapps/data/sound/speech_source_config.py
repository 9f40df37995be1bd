"""The options of a source of recordings with their texts."""

import math
from dataclasses import dataclass

from rnnapps.data.file_table_config import FileTableConfig
from rnnapps.data.sound.source_config import SAMPLING_RATES
from rnnapps.data.source_config import embedded_name
from rnnapps.errors import require

EMBEDDED = ("all", "prompts", "digits")  # the first is what "embedded" means


@dataclass(frozen=True)
class SpeechSourceConfig(FileTableConfig):
    """Where the recordings and their texts come from, and at which sampling rate they are used."""

    data: str = "embedded"
    """embedded:prompts (548 prompts of one voice), embedded:digits (strings of spoken digits, six
    voices), embedded (both), tfds:NAME (TensorFlow Datasets with speech and text, such as
    tfds:librispeech), or the path of your own recordings: a table of files and texts (CSV, TSV or JSONL,
    as for DeepSpeech), or a folder with one or with train, dev and test, or one of Common Voice,
    LJSpeech, LibriSpeech or Kaldi"""
    held_out: str = "nicolas"
    """speaker of the embedded digits whose strings are the test split: george, jackson, lucas, nicolas,
    theo or yweweler; those of the next one in this order, after the last the first, are the validation
    split"""
    sampling_rate: int = 16000
    """samples a second, in Hz, to which every recording is resampled; what sounds above half of it is
    lost"""
    min_seconds: float = 0.1
    """a shorter recording is a bad one"""
    max_seconds: float = 30.0
    """a longer recording is a bad one; cut it where nothing is said, and give a table with the columns
    start and end"""
    file_column: str = "file"
    """column of the table that has the sound file; optional columns start and end have the seconds
    between which the text is said in it, split its split, and speaker who says it"""
    skip_bad: bool = False
    """leave out recordings that cannot be read, are silent, too short or too long, or have no text, and
    count them, instead of stopping at the first"""

    def __post_init__(self):
        super().__post_init__()
        low, high = SAMPLING_RATES
        require(self, "sampling_rate", low <= self.sampling_rate <= high, f"{low} to {high} (Hz)")
        for field in ("min_seconds", "max_seconds"):
            seconds = getattr(self, field)
            good = math.isfinite(seconds) and seconds > 0
            require(self, field, good, "a number of seconds above 0")
        require(self, "max_seconds", self.max_seconds > self.min_seconds, "more than --min-seconds")
        known = self.embedded != ""
        require(
            self, "data", known, f"embedded, {', '.join(map(_named, EMBEDDED[1:]))}, tfds:NAME or a path"
        )

    @property
    def embedded(self) -> str | None:
        """The embedded recordings that are meant, "" of a name that there is not, or None of others."""
        return embedded_name(self.data, EMBEDDED)


def _named(name: str) -> str:
    return f"embedded:{name}"
