"""Recognise keywords with a trained bundle, in clips and in streams.

From the shell and from Python:

    rnnapps predict keywords --model runs/keywords yes.wav folder_of_clips --json
    rnnapps stream keywords --model runs/keywords --input long.flac --timeline stream.png
    rnnapps stream keywords --microphone
    recognise = rnnapps.load("keywords"); recognise("yes.wav"); recognise(samples)
"""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tyro.conf import Positional

from rnnapps import bundle
from rnnapps.command_line import parse, run
from rnnapps.data.sound_folders import SILENCE, UNKNOWN
from rnnapps.errors import UsageError, UserError
from rnnapps.keywords.config import DetectionConfig, KeywordsConfig
from rnnapps.outputs import check_file

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)

BATCH_SIZES = (1, 8, 64)  # a network is compiled for each

Clip = "str | Path | np.ndarray"


@dataclass(frozen=True)
class Prediction:
    """What the network makes of a clip; `cut` tells that the clip was longer than the network reads."""

    clip: str
    word: str
    probabilities: dict[str, float]
    cut: bool

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clip": self.clip,
            "word": self.word,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "cut": self.cut,
        }


@dataclass(frozen=True)
class DetectedWord:
    """A word in a stream: seconds from its beginning, and the smoothed probability."""

    time: float
    word: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"time": round(self.time, 3), "word": self.word, "score": round(self.score, 6)}


class KeywordRecogniser:
    """A network with its labels; call it with a clip or a list of clips."""

    def __init__(self, model: "keras.Model", config: KeywordsConfig, labels: Sequence[str]):
        from rnnapps.keywords.data import length

        self.model = model
        self.config = config
        self.labels = tuple(labels)
        self.sampling_rate = config.source.sampling_rate
        self.length = length(config)

    @overload
    def __call__(self, clips: Clip) -> Prediction: ...
    @overload
    def __call__(self, clips: "Sequence[Clip]") -> list[Prediction]: ...
    def __call__(self, clips):
        """Recognise the word of a clip, or of each of several.

        Args:
            clips: files, or samples, floats `(time,)` at `sampling_rate`, full scale -1 to 1.

        Raises:
            UserError: a file cannot be read or is bad (`rnnapps.data.sound_files.read_sound`), or
                samples are none, integers, or not finite.
        """
        import numpy as np

        if isinstance(clips, (str, Path)) or (isinstance(clips, np.ndarray) and clips.ndim < 2):
            return self([clips])[0]
        names = [str(clip) if isinstance(clip, (str, Path)) else "" for clip in clips]
        sounds = [self._samples(clip, number) for number, clip in enumerate(clips, start=1)]
        return [
            Prediction(
                name,
                self.labels[row.argmax()],
                dict(zip(self.labels, row.tolist(), strict=True)),
                cut=len(sound) > self.length,
            )
            for name, sound, row in zip(names, sounds, self.probabilities(sounds), strict=True)
        ]

    def probabilities(self, clips: "Sequence[np.ndarray]") -> "np.ndarray":
        """Class probabilities of clips of any length, float32 `(clips, classes)`."""
        import numpy as np

        from rnnapps.data.sound_window import sound_window

        rows, done = [], 0
        while done < len(clips):
            left = len(clips) - done
            size = next((size for size in BATCH_SIZES if size >= left), BATCH_SIZES[-1])
            x = np.zeros((size, self.length), dtype="float32")  # filled up with silence
            for row, clip in zip(x, clips[done : done + size], strict=False):
                row[:] = sound_window(clip, self.length)
            rows.append(self.model.predict_on_batch(x)[: min(size, left)])
            done += size
        return softmax(np.concatenate(rows)) if rows else np.zeros((0, len(self.labels)), "float32")

    def stream(self) -> "KeywordStream":
        """A stream that begins now.

        Raises:
            UserError: the network cannot stream.
        """
        return KeywordStream(self)

    def detectable(self) -> list[int]:
        """The numbers of the classes that are words to be detected."""
        return [n for n, label in enumerate(self.labels) if label not in (SILENCE, UNKNOWN)]

    def _samples(self, clip: Clip, number: int) -> "np.ndarray":
        from rnnapps.data.sound_files import read_sound

        if isinstance(clip, (str, Path)):
            return read_sound(Path(clip), self.sampling_rate, self.config.source.max_seconds)
        return checked(clip, f"clip {number}")


class KeywordStream:
    """A causal network that hears samples as they come, with carried state: front end, convolutions,
    recurrent layers.

    After each hop of 20 ms it gives what the network gives for all samples so far.

    Raises:
        UserError: the network reads in both directions and cannot stream.
    """

    def __init__(self, recogniser: KeywordRecogniser):
        from rnnapps.layers import compiled_stream

        architecture = recogniser.config.model.architecture
        if architecture == "att_rnn":
            raise UserError(
                f"this network ({architecture}) reads a whole clip in both directions and cannot "
                f"stream: train one with --architecture crnn, gru or lstm"
            )
        self.recogniser = recogniser
        self.hop = recogniser.model.get_layer("log_mel").hop
        self.hop_seconds = self.hop / recogniser.sampling_rate
        self._start, self._step = compiled_stream(recogniser.model)
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard."""
        import numpy as np

        self.hops = 0
        self.logits: np.ndarray | None = None  # of the last hop, float32 `(classes,)`
        self._rest = np.zeros(0, "float32")
        self._state = self._start(1)

    def push(self, samples: "np.ndarray") -> "list[tuple[float, np.ndarray]]":
        """Hear samples, floats `(time,)` at the network's sampling rate, as many as there are.

        Returns:
            For each hop that they complete its end in seconds from the beginning and the probabilities
            of the classes, float32 `(classes,)`.

        Raises:
            UserError: the samples are integers, or not finite.
        """
        import numpy as np
        from keras import ops

        samples = np.concatenate([self._rest, checked(samples, "stream", may_be_empty=True)])
        whole = len(samples) // self.hop * self.hop
        self._rest = samples[whole:]
        answers = []
        for start in range(0, whole, self.hop):
            x = ops.convert_to_tensor(samples[None, start : start + self.hop])
            logits, self._state = self._step(x, self._state)
            self.logits = ops.convert_to_numpy(logits)[0]
            self.hops += 1
            answers.append((self.hops * self.hop_seconds, softmax(self.logits)))
        return answers


class WordDetector:
    """Words from the probabilities that a stream gives (see `rnnapps.decoding.detector`)."""

    def __init__(self, recogniser: KeywordRecogniser, hop_seconds: float, config: DetectionConfig):
        from rnnapps.decoding.detector import Detector

        self.labels = recogniser.labels
        self._detector = Detector(
            hop_seconds,
            recogniser.detectable(),
            config.threshold,
            config.smoothing,
            config.refractory,
        )

    def push(self, answers: "Sequence[tuple[float, np.ndarray]]") -> list[DetectedWord]:
        """The words that are detected in what `KeywordStream.push` returned."""
        found = (self._detector.push(time, row) for time, row in answers)
        return [DetectedWord(one.time, self.labels[one.number], one.score) for one in found if one]


def softmax(logits: "np.ndarray") -> "np.ndarray":
    """Probabilities, float32, of logits `(..., classes)`."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def checked(samples: "np.ndarray", name: str, may_be_empty: bool = False) -> "np.ndarray":
    """Samples as float32 `(time,)`.

    Raises:
        UserError: they are none, integers, not finite, or have more than one channel.
    """
    import numpy as np

    samples = np.asarray(samples)
    if samples.ndim != 1 or not (len(samples) or may_be_empty):
        raise UserError(f"{name}: shape {samples.shape}: expected samples of one channel, (time,)")
    if samples.dtype.kind != "f":
        raise UserError(f"{name}: {samples.dtype}: expected floats from -1 to 1 (divide by 32768)")
    if not np.isfinite(samples).all():
        raise UserError(f"{name}: samples are NaN or infinite")
    return samples.astype("float32", copy=False)


def load(path: Path) -> KeywordRecogniser:
    """Load a bundle's recogniser.

    Raises:
        UserError: it is no bundle of this application, or damaged, or too new.
    """
    path = Path(path)
    settings = bundle.check(path, "keywords")
    config = config_of(settings["config"])
    return KeywordRecogniser(bundle.load_model(path), config, settings["labels"])


def config_of(settings: dict[str, Any]) -> KeywordsConfig:
    """The config that a bundle was trained with, from its JSON."""
    default = KeywordsConfig()
    parts = {}
    for field in fields(KeywordsConfig):
        value = settings[field.name]
        kind = type(getattr(default, field.name))
        parts[field.name] = kind(**value) if isinstance(value, dict) else value
    return KeywordsConfig(**parts)


@dataclass(frozen=True)
class PredictOptions:
    """Recognise the word of each clip, in files or in all sound files of folders."""

    files: Positional[tuple[str, ...]] = ()
    """sound files (WAV, FLAC, Ogg, MP3), or folders of them"""
    model: str = "keywords"
    """path or name of a bundle"""
    json: bool = False
    """print a JSON object a line"""


def main(arguments: list[str] | None = None) -> None:
    """The command `predict`: a line for each clip; those that cannot be read are named at the end of all
    by status 1.
    """
    options = parse(PredictOptions, arguments, prog="rnnapps predict keywords")
    if not options.files:
        raise UsageError("give sound files, or folders of them")
    files = list(_files(options.files))
    recognise = load(bundle.find(options.model))
    bad = 0
    for start in range(0, len(files), BATCH_SIZES[-1]):
        clips, names = [], []
        for file in files[start : start + BATCH_SIZES[-1]]:
            try:
                clips.append(recognise._samples(file, 0))
                names.append(str(file))
            except UserError as error:
                bad += 1
                log.warning("%s", error)
        for name, prediction in zip(names, recognise(clips) if clips else (), strict=True):
            print(describe(replace(prediction, clip=name), options.json))
        sys.stdout.flush()
    if bad:
        raise UserError(f"{bad} of {len(files)} files could not be read: see the lines above")


def describe(prediction: Prediction, as_json: bool) -> str:
    """A prediction as the command prints it."""
    if as_json:
        return json.dumps(prediction.to_dict(), ensure_ascii=False)
    return f"{prediction.word}  {prediction.probabilities[prediction.word]:.3f}  {prediction.clip}"


def _files(names: Sequence[str]) -> Iterator[Path]:
    """The files, and the sound files in folders and what is below them, by name."""
    from rnnapps.data.sound_files import SUFFIXES

    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield path
            continue
        sounds = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        if not sounds:
            raise UserError(f"{path}: no sound files in it ({', '.join(SUFFIXES)})")
        yield from sounds


@dataclass(frozen=True)
class StreamOptions:
    """Recognise words in a long recording or from the microphone: a line `time word score` for each."""

    model: str = "keywords"
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


def stream(arguments: list[str] | None = None) -> None:
    """The command `stream`."""
    options = parse(StreamOptions, arguments, prog="rnnapps stream keywords")
    if (options.input is None) == (not options.microphone):
        raise UsageError("give either --input FILE or --microphone")
    if options.timeline is not None and options.microphone:
        raise UsageError("--timeline is for a recording: give --input FILE")
    if options.timeline is not None:
        check_file(Path(options.timeline))
    from rnnapps.data.sound_blocks import file_blocks, import_sounddevice, microphone_blocks

    if options.microphone:
        import_sounddevice()  # told before any work
    elif not Path(options.input).is_file():
        raise UserError(f"{options.input}: no such file")
    recogniser = load(bundle.find(options.model))
    rate = recogniser.sampling_rate
    blocks = microphone_blocks(rate) if options.microphone else file_blocks(Path(options.input), rate)
    heard, answers = recogniser.stream(), []
    detector = WordDetector(recogniser, heard.hop_seconds, options.detection)
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
