"""Recognise keywords in clips with a trained or an exported bundle.

From the shell and from Python:

    rnnapps predict keywords --model runs/keywords yes.wav folder_of_clips --json
    recognise = rnnapps.load("keywords/digits"); recognise("yes.wav"); recognise(samples)
"""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tyro.conf import Positional

from rnnapps import bundle
from rnnapps.command_line import parse, run
from rnnapps.errors import UsageError, UserError
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.keywords.stream import KeywordStream, softmax

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.export.exported_step import ExportedStep

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

    def stream(self) -> KeywordStream:
        """A stream that begins now.

        Raises:
            UserError: the network reads in both directions and cannot stream.
        """
        from keras import ops

        from rnnapps.layers import compiled_stream

        architecture = self.config.model.architecture
        if architecture == "att_rnn":
            raise UserError(
                f"this network ({architecture}) reads a whole clip in both directions and cannot "
                f"stream: train one with --architecture crnn, gru or lstm"
            )
        start, compiled = compiled_stream(self.model)

        def step(x, state):
            logits, state = compiled(x, state)
            return ops.convert_to_numpy(logits), state

        hop = self.model.get_layer("log_mel").hop
        return KeywordStream(lambda: start(1), step, hop, self.sampling_rate)

    def _samples(self, clip: Clip, number: int) -> "np.ndarray":
        from rnnapps.data.sound_files import check_samples, read_sound

        if isinstance(clip, (str, Path)):
            return read_sound(Path(clip), self.sampling_rate, self.config.source.max_seconds)
        return check_samples(clip, f"clip {number}")


class ExportedRecogniser(KeywordRecogniser):
    """The same of an exported step: without Keras, and each clip hop by hop."""

    def __init__(self, step: "ExportedStep", config: KeywordsConfig, labels: Sequence[str]):
        super().__init__(None, config, labels)
        self.step = step

    def probabilities(self, clips: "Sequence[np.ndarray]") -> "np.ndarray":
        import numpy as np

        from rnnapps.data.sound_window import sound_window

        stream, logits = self.stream(), []
        for clip in clips:
            stream.reset()
            stream.push(sound_window(clip, self.length))
            logits.append(stream.logits)
        return softmax(np.stack(logits)) if logits else np.zeros((0, len(self.labels)), "float32")

    def stream(self) -> KeywordStream:
        return KeywordStream(self.step.start, self.step, self.step.features, self.sampling_rate)


def load(path: Path) -> KeywordRecogniser:
    """Load a bundle's recogniser; of an exported one without Keras.

    Raises:
        UserError: it is no bundle of this application, or damaged, or too new.
    """
    path = Path(path)
    settings = bundle.check(path, "keywords")
    config, labels = bundle.config_of(KeywordsConfig(), settings), settings["labels"]
    if "exported" in settings:
        from rnnapps.export.exported_step import ExportedStep

        return ExportedRecogniser(ExportedStep(path / settings["exported"]["file"]), config, labels)
    return KeywordRecogniser(bundle.load_model(path), config, labels)


@dataclass(frozen=True)
class PredictOptions:
    """Recognise the word of each clip, in files or in all sound files of folders."""

    files: Positional[tuple[str, ...]] = ()
    """sound files (WAV, FLAC, Ogg, MP3), or folders of them"""
    model: str = "keywords/digits"
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
    from rnnapps.data.given_files import given_files, read_in_groups
    from rnnapps.data.sound_files import SUFFIXES

    files = list(given_files(options.files, SUFFIXES, "sound files"))
    recognise = load(bundle.find(options.model))
    for group in read_in_groups(files, lambda file: recognise._samples(file, 0), BATCH_SIZES[-1]):
        names, clips = zip(*group, strict=True)
        for name, prediction in zip(names, recognise(clips), strict=True):
            print(describe(replace(prediction, clip=str(name)), options.json))
        sys.stdout.flush()


def describe(prediction: Prediction, as_json: bool) -> str:
    """A prediction as the command prints it."""
    if as_json:
        return json.dumps(prediction.to_dict(), ensure_ascii=False)
    return f"{prediction.word}  {prediction.probabilities[prediction.word]:.3f}  {prediction.clip}"


if __name__ == "__main__":
    run(main)
