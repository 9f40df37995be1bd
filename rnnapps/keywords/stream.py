"""Recognise keywords in a stream: a long recording, or the microphone.

From the shell and from Python:

    rnnapps stream keywords --model runs/keywords --input long.flac --timeline stream.png
    rnnapps stream keywords --microphone
    stream = rnnapps.load("keywords/digits").stream(); stream.push(samples)
"""

import json
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import bundle
from rnnapps.command_line import parse, run
from rnnapps.data.sound_folders import SILENCE, UNKNOWN
from rnnapps.errors import UsageError, UserError
from rnnapps.keywords.config import DetectionConfig
from rnnapps.outputs import check_file

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DetectedWord:
    """A word in a stream: seconds from its beginning, and the smoothed probability."""

    time: float
    word: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"time": round(self.time, 3), "word": self.word, "score": round(self.score, 6)}


class KeywordStream:
    """A causal network that hears samples as they come, with carried state: front end, convolutions,
    recurrent layers.

    After each hop of 20 ms it gives what the network gives for all samples so far.

    Args:
        start: gives the state before the first hop.
        step: from samples, float32 `(1, hop)`, and a state to logits `(1, classes)`, which numpy can
            read, and the next state.
        hop: samples of a hop.
        sampling_rate: samples a second.
    """

    def __init__(self, start: Callable, step: Callable, hop: int, sampling_rate: int):
        self.hop = hop
        self.hop_seconds = hop / sampling_rate
        self._start, self._step = start, step
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard."""
        import numpy as np

        self.hops = 0
        self.logits: np.ndarray | None = None  # of the last hop, float32 `(classes,)`
        self._rest = np.zeros(0, "float32")
        self._state = self._start()

    def push(self, samples: "np.ndarray") -> "list[tuple[float, np.ndarray]]":
        """Hear samples, floats `(time,)` at the network's sampling rate, as many as there are.

        Returns:
            For each hop that they complete its end in seconds from the beginning and the probabilities
            of the classes, float32 `(classes,)`.

        Raises:
            UserError: the samples are integers, or not finite.
        """
        import numpy as np

        from rnnapps.data.sound_files import check_samples

        samples = check_samples(samples, "stream", may_be_empty=True)
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // self.hop * self.hop
        self._rest = samples[whole:]
        answers = []
        for start in range(0, whole, self.hop):
            x = samples[None, start : start + self.hop]
            logits, self._state = self._step(x, self._state)
            self.logits = logits[0]
            self.hops += 1
            answers.append((self.hops * self.hop_seconds, softmax(self.logits)))
        return answers


def softmax(logits: "np.ndarray") -> "np.ndarray":
    """Probabilities, float32, of logits `(..., classes)`."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


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
        self._rows = deque(maxlen=max(1, round(config.smoothing / hop_seconds)))
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
class StreamOptions:
    """Recognise words in a long recording or from the microphone: a line `time word score` for each."""

    model: str = "keywords/digits"
    """path or name of a bundle, of a network that can stream"""
    input: str | None = None
    """recording of any length (WAV, FLAC, Ogg, MP3)"""
    microphone: bool = False
    """listen to the microphone, until Ctrl-C"""
    timeline: str | None = None
    """PNG file to draw the probabilities and the detections to"""
    json: bool = False
    """print a JSON object a line"""
    detection: DetectionConfig = DetectionConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = parse(StreamOptions, arguments, prog="rnnapps stream keywords")
    if (options.input is None) == (not options.microphone):
        raise UsageError("give either --input FILE or --microphone")
    if options.timeline is not None and options.microphone:
        raise UsageError("--timeline is for a recording: give --input FILE")
    if options.timeline is not None:
        check_file(Path(options.timeline))
    from rnnapps.data.sound_blocks import file_blocks, import_sounddevice, microphone_blocks
    from rnnapps.keywords.infer import load

    if options.microphone:
        import_sounddevice()  # told before any work
    elif not Path(options.input).is_file():
        raise UserError(f"{options.input}: no such file")
    recogniser = load(bundle.find(options.model))
    rate = recogniser.sampling_rate
    blocks = microphone_blocks(rate) if options.microphone else file_blocks(Path(options.input), rate)
    heard, answers = recogniser.stream(), []
    detector = WordDetector(recogniser.labels, heard.hop_seconds, options.detection)
    detected = []
    try:
        for block in blocks:
            some = heard.push(block)
            for word in detector.push(some):
                print(json.dumps(word.to_dict()) if options.json else _line(word), flush=True)
                detected.append((word.time, word.word))
            if options.timeline is not None:
                answers += some
    except KeyboardInterrupt:
        if not options.microphone:  # which has no other end
            raise
    if options.timeline is not None:
        _draw(Path(options.timeline), answers, recogniser.labels, detected, options.detection.threshold)


def _line(word: DetectedWord) -> str:
    return f"{word.time:.2f} {word.word} {word.score:.3f}"


def _draw(file: Path, answers, labels, detected, threshold: float) -> None:
    import numpy as np

    from rnnapps.plots import plot_timeline, save_png

    if not answers:
        raise UserError(f"{file}: nothing to draw: the recording is shorter than a hop")
    times, rows = zip(*answers, strict=True)
    save_png(plot_timeline(np.array(times), np.stack(rows), labels, detected, threshold), file)
    log.info("%s: written", file)


if __name__ == "__main__":
    run(main)
