"""What a recogniser of speech answers."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rnnapps.inference.hypothesis import describe_hypotheses
from rnnapps.inference.timed_word import TimedWord, timed_words
from rnnapps.inference.transcript import Transcript, with_others

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Transcription:
    """The text of a recording, its words with their times, and the other texts that it may have.

    `samples` at `sampling_rate` are what was heard, and `seconds` what the times of characters are
    shares of. They are written `delay` seconds behind their sounds.
    """

    recording: str
    hypotheses: tuple[Transcript, ...]
    seconds: float = field(compare=False)
    samples: "np.ndarray" = field(repr=False, compare=False)
    sampling_rate: int = field(repr=False, compare=False)
    delay: float = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The likeliest."""
        return " ".join(self.hypotheses[0].text.split())

    @cached_property
    def words(self) -> tuple[TimedWord, ...]:
        """Those of the likeliest text, with seconds from the beginning of the recording."""
        return timed_words(self.hypotheses[0].characters, self.seconds, delay=self.delay)

    @property
    def confidence(self) -> float:
        """The mean confidence of its words, from 0 to 1; 0 of an empty text."""
        return sum(word.confidence for word in self.words) / max(1, len(self.words))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {
            "recording": self.recording,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "words": [word.to_dict() for word in self.words],
        }
        return with_others(values, self.hypotheses)

    def describe(self, number: int | None = None) -> str:
        """For people: the text and its recording or, with its number, each text with its score."""
        if number is None:
            return f"{self.text}\t{self.confidence:.2f}\t{self.recording}"
        return describe_hypotheses(number, self.hypotheses)

    def plot(self) -> "Figure":
        """The spectrogram with the words over it, and below the peak of each character."""
        from rnnapps.evaluation.transcript_plots import plot_speech

        characters = self.hypotheses[0].characters
        return plot_speech(self.samples, self.sampling_rate, self.words, characters, self.seconds)
