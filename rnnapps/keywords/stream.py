"""Recognise keywords in a stream: a long recording, or the microphone.

From the shell and from Python:

    rnnapps stream keywords --model runs/keywords --input long.flac --plot stream.png
    rnnapps stream keywords --microphone
    stream = rnnapps.load("keywords/digits").stream(); stream.push(samples)
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.data.sound.folders import SILENCE, UNKNOWN
from rnnapps.errors import UserError
from rnnapps.inference.probabilities import softmax
from rnnapps.inference.recording_options import RecordingOptions
from rnnapps.inference.sample_stream import SampleStream
from rnnapps.keywords.config import DetectionConfig

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DetectedWord:
    """A word in a stream: seconds from its beginning, and the smoothed probability."""

    time: float
    word: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"time": round(self.time, 3), "word": self.word, "score": round(self.score, 6)}

    def describe(self) -> str:
        """For people: time, word, score."""
        return f"{self.time:.2f} {self.word} {self.score:.3f}"


class KeywordStream(SampleStream):
    """A causal network that hears samples as they come.

    After each hop of 20 ms it gives what the network gives for all samples so far.
    """

    def push(self, samples: "np.ndarray") -> "list[tuple[float, np.ndarray]]":
        """Hear samples, floats `(time,)` at the network's sampling rate, as many as there are.

        Returns:
            For each hop that they complete its end in seconds from the beginning and the probabilities
            of the classes, float32 `(classes,)`.

        Raises:
            UserError: the samples are integers, or not finite.
        """
        before = self.hops
        return [
            (hop * self.hop_seconds, softmax(logits))
            for hop, logits in enumerate(self.hear(samples), start=before + 1)
        ]


class WordDetector:
    """Words from the probabilities that a stream gives: smoothing, a threshold and a refractory time
    (Chen, Parada and Heigold 2014).

    The probabilities are averaged over the last `smoothing` seconds (at the start over what there is). A
    word is detected when its average reaches the threshold and is the highest of all words'; after that
    nothing is detected for the refractory time, and that word not again before its average has been
    below the threshold: one long word is one detection.

    Args:
        labels: of the classes; those that are no words (`target_words`) are never detected.
        hop_seconds: time from one row of probabilities to the next.
        config: the threshold and the times.
    """

    def __init__(self, labels: Sequence[str], hop_seconds: float, config: DetectionConfig):
        self.labels = labels
        self.config = config
        self._classes = [labels.index(word) for word in target_words(labels)]
        self._rows: deque[Any] = deque(maxlen=max(1, round(config.smoothing / hop_seconds)))
        self._quiet_until = -math.inf
        self._held: int | None = None  # the class of the last detection, while it goes on

    def push(self, answers: "Sequence[tuple[float, np.ndarray]]") -> list[DetectedWord]:
        """The words that are detected in what `KeywordStream.push` returned."""
        found = [self._next(time, row) for time, row in answers]
        return [word for word in found if word]

    def _next(self, time: float, probabilities: "np.ndarray") -> DetectedWord | None:
        self._rows.append(probabilities)
        mean = sum(self._rows) / len(self._rows)
        if self._held is not None and mean[self._held] < self.config.threshold:
            self._held = None
        best = max(self._classes, key=lambda number: mean[number])
        if mean[best] < self.config.threshold or time < self._quiet_until or best == self._held:
            return None
        self._held, self._quiet_until = best, time + self.config.refractory
        return DetectedWord(time, self.labels[best], float(mean[best]))


def target_words(labels: Sequence[str]) -> list[str]:
    """The labels that are words, and not silence or any other word."""
    return [label for label in labels if label not in (SILENCE, UNKNOWN)]


@dataclass(frozen=True)
class StreamOptions(RecordingOptions):
    """Recognise words in a long recording or from the microphone: a line `time word score` for each."""

    model: str = "keywords/digits"
    """path or name of a bundle, of a network that can stream"""
    detection: DetectionConfig = DetectionConfig()


class Listener:
    """Hears a recording block by block, and says which words it detects.

    Args:
        recogniser: a predictor that can stream.
        options: of the detection.
    """

    def __init__(self, recogniser: Any, options: StreamOptions):
        self.labels, self.threshold = recogniser.labels, options.detection.threshold
        self.stream = recogniser.stream()
        self.detector = WordDetector(self.labels, self.stream.hop_seconds, options.detection)
        self.answers: list[tuple[float, np.ndarray]] = []
        self.words: list[DetectedWord] = []

    def hear(self, samples: "np.ndarray", keep: bool) -> list[DetectedWord]:
        """The words that are detected in a block; with `keep` all is remembered, to be drawn."""
        answers = self.stream.push(samples)
        words = self.detector.push(answers)
        if keep:
            self.answers += answers
            self.words += words
        return words

    def end(self) -> list[DetectedWord]:
        """Nothing is left to be said of a recording that has ended."""
        return []

    def plot(self) -> "Figure":
        """The probabilities over time, and what was detected.

        Raises:
            UserError: the recording is shorter than a hop.
        """
        import numpy as np

        from rnnapps.evaluation.plots import plot_timeline

        if not self.answers:
            raise UserError("nothing to draw: the recording is shorter than a hop")
        times, rows = zip(*self.answers, strict=True)
        detected = [(word.time, word.word) for word in self.words]
        return plot_timeline(np.array(times), np.stack(rows), self.labels, detected, self.threshold)
