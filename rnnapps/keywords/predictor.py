"""Recognise keywords in clips with a trained or an exported bundle.

From the shell and from Python:

    rnnapps predict keywords --model runs/keywords yes.wav folder_of_clips --json words.jsonl
    recognise = rnnapps.load("keywords/digits"); recognise("yes.wav"); recognise(samples)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, overload

from rnnapps import bundle
from rnnapps.data.sound.files import SUFFIXES
from rnnapps.errors import UserError
from rnnapps.inference.batching import in_batches
from rnnapps.inference.inputs import dimensions, several
from rnnapps.inference.predict_options import FileOptions
from rnnapps.inference.probabilities import softmax
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.keywords.prediction import Prediction
from rnnapps.keywords.stream import KeywordStream

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.export.exported_step import ExportedStep
    from rnnapps.export.program import Program

BATCH_SIZES = (1, 8, 64)  # a network is compiled for each

Clip: TypeAlias = "str | Path | np.ndarray"


class KeywordsPredictor:
    """A network with its labels; call it with a clip or a list of clips.

    In place of the Keras network there may be an exported step, which hears each clip hop by hop.
    """

    application: ClassVar[str] = "keywords"
    model: Any
    """the Keras network, or None over an exported step"""

    def __init__(
        self,
        model: "keras.Model | None",
        labels: Sequence[str],
        config: KeywordsConfig,
        step: "ExportedStep | None" = None,
    ):
        from rnnapps.keywords.data import length

        self.model, self.labels, self.config, self.step = model, tuple(labels), config, step
        self.sampling_rate = config.source.sampling_rate
        self.length = length(config)

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle, where an exported step is already."""
        more: dict[str, Any] = {"labels": self.labels}
        if self.step is None:
            bundle.save_model(self.model, folder)
        else:
            more["exported"] = {"file": self.step.file.name}
        bundle.write_config(folder, self.application, self.config, **more)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle, an exported one without Keras: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application) as settings:
            config, labels = bundle.read_config(path, KeywordsConfig), settings["labels"]
            if "exported" in settings:
                from rnnapps.export.exported_step import ExportedStep

                step = ExportedStep(path / settings["exported"]["file"])
                bundle.check_size("labels", len(labels), step.outputs)
                return cls(None, labels, config, step)
            model = bundle.load_model(path)
            bundle.check_size("labels", len(labels), model.output_shape[-1])
            rate = model.get_layer("log_mel").options["sampling_rate"]
            bundle.check_size("samples a second", config.source.sampling_rate, rate)
            return cls(model, labels, config)

    @overload
    def __call__(self, clips: Clip) -> Prediction: ...
    @overload
    def __call__(self, clips: "Sequence[Clip]") -> list[Prediction]: ...
    def __call__(self, clips):
        """Recognise the word of a clip, or of each of several.

        Args:
            clips: files, or samples, floats `(time,)` at `sampling_rate`, full scale -1 to 1.

        Raises:
            UserError: a file cannot be read or is bad (`rnnapps.data.sound.files.read_sound`), or
                samples are none, of several channels, integers, not finite, or far beyond full scale.
        """
        if isinstance(clips, (str, Path)) or dimensions(clips) is not None:
            return self([clips])[0]
        clips = several(clips, "clips")
        names = [str(clip) if isinstance(clip, (str, Path)) else "" for clip in clips]
        sounds = [self.read(clip, f"clip {number}") for number, clip in enumerate(clips, start=1)]
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

        from rnnapps.data.sound.window import sound_window
        from rnnapps.inference.outputs import checked

        windows = [sound_window(clip, self.length) for clip in clips]
        logits = [np.zeros((0, len(self.labels)), "float32")]
        if self.step is None:
            for some, size in in_batches(windows, BATCH_SIZES):
                x = np.zeros((size, self.length), dtype="float32")  # filled up with silence
                x[: len(some)] = some
                logits.append(self.model.predict_on_batch(x)[: len(some)])
        else:
            stream = self.stream()
            for window in windows:
                stream.reset()
                stream.push(window)
                logits.append(stream.logits[None])
        return checked(softmax(np.concatenate(logits)))

    def stream(self) -> KeywordStream:
        """A stream that begins now.

        Raises:
            UserError: the network reads in both directions and cannot stream.
        """
        if self.step is not None:
            return KeywordStream(self.step.start, self.step, self.step.features, self.sampling_rate)
        self._check_causal()
        from rnnapps.layers import compiled_stream

        hop = self.model.get_layer("log_mel").hop
        return KeywordStream.of_compiled(compiled_stream(self.model), hop, self.sampling_rate)

    def exported(self, step: "ExportedStep") -> Self:
        """The same over an exported step: see `rnnapps.export.exported_bundles`."""
        return type(self)(None, self.labels, self.config, step)

    def programs(self) -> "dict[str, Program]":
        """What export converts: one hop of the stream.

        Raises:
            UserError: as `stream`.
        """
        from rnnapps.export.program import Program
        from rnnapps.layers.compiled_stream import stream_step, with_constants

        self._check_causal()
        start, step = stream_step(self.model)
        hop, numbers = self.model.get_layer("log_mel").hop, start(1).shape[1]
        inputs = {"x": (1, hop), "state": (1, numbers)}
        return {"step": Program(with_constants(step, self.model.variables), inputs)}

    def _check_causal(self) -> None:
        architecture = self.config.model.architecture
        if architecture == "att_rnn":
            raise UserError(
                f"this network ({architecture}) reads a whole clip in both directions and cannot "
                f"stream: train one with --architecture crnn, gru or lstm"
            )

    def read(self, clip: Clip, name: str = "clip") -> "np.ndarray":
        """The samples of a clip, float32 `(time,)` at `sampling_rate`; `name` is what errors call it."""
        from rnnapps.data.sound.files import check_samples, read_sound

        if isinstance(clip, (str, Path)):
            return read_sound(Path(clip), self.sampling_rate, self.config.source.max_seconds)
        return check_samples(clip, name)


@dataclass(frozen=True)
class PredictOptions(FileOptions):
    """Recognise the word of each clip, in files or in all sound files of folders."""

    model: str = "keywords/digits"
    """path or name of a bundle"""

    kind = "sound files"
    suffixes = SUFFIXES
