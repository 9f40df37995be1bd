"""Recognise speech with a trained or an exported bundle.

From the shell and from Python:

    rnnapps predict speech --model runs/speech call.wav folder_of_recordings --json texts.jsonl
    rnnapps predict speech call.wav --beam-width 16 --language-model sentences.txt --plot call.png
    recognise = rnnapps.load("runs/speech"); recognise("call.wav").text; recognise(samples)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, overload

from rnnapps import bundle
from rnnapps.data.sound.files import SUFFIXES
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.spoken_form import SpokenForm
from rnnapps.data.text.subword_alphabet import SubwordAlphabet
from rnnapps.errors import UserError
from rnnapps.inference.best_path_stream import BestPathStream
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.inputs import dimensions, several
from rnnapps.inference.predict_options import FileOptions
from rnnapps.inference.timed_word import timed_words
from rnnapps.inference.transcriber import Transcriber
from rnnapps.inference.transcript import Transcript
from rnnapps.speech.config import SpeechConfig
from rnnapps.speech.data import frame_length, with_tail
from rnnapps.speech.prediction import Transcription
from rnnapps.speech.speech_stream import SpeechStream

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.export.exported_step import ExportedStep
    from rnnapps.export.program import Program

LONGEST_DELAY = 10.0  # seconds

Recording: TypeAlias = "str | Path | np.ndarray"


class SpeechPredictor:
    """A network with its alphabet; call it with a recording or a list of recordings.

    In place of the Keras network there may be an exported step, which hears each recording block by
    block. `delay` is how many seconds it writes behind what it hears: see `writing_delay`.
    """

    application: ClassVar[str] = "speech"
    model: Any
    """the Keras network, or None over an exported step"""

    def __init__(
        self,
        model: "keras.Model | None",
        alphabet: Alphabet,
        config: SpeechConfig,
        step: "ExportedStep | None" = None,
        delay: float = 0.0,
    ):
        self.model, self.alphabet, self.config, self.step = model, alphabet, config, step
        self.delay = delay
        self.sampling_rate = config.source.sampling_rate
        self.frame = frame_length(config)
        self._transcribe = Transcriber(model, alphabet, SpokenForm(config.text), self.frame)

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle, where an exported step is already."""
        more = {"delay": self.delay} | self.alphabet.to_dict()
        if self.step is None:
            bundle.save_model(self.model, folder)
        else:
            more["exported"] = {"file": self.step.file.name}
        bundle.write_config(folder, self.application, self.config, **more)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle, an exported one without Keras: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application) as settings:
            config = bundle.read_config(path, SpeechConfig)
            alphabet = (
                SubwordAlphabet(**settings["subwords"])
                if config.tokens.subwords
                else Alphabet(settings["characters"])
            )
            delay = float(settings.get("delay", 0.0))
            if not 0 <= delay <= LONGEST_DELAY:
                raise ValueError("its delay is none")
            if "exported" in settings:
                from rnnapps.export.exported_step import ExportedStep

                step = ExportedStep(path / settings["exported"]["file"])
                bundle.check_size("characters", alphabet.size, step.outputs)
                bundle.check_size("samples of a block", frame_length(config), step.features)
                return cls(None, alphabet, config, step, delay)
            model = bundle.load_model(path)
            bundle.check_size("characters", alphabet.size, model.output_shape[-1])
            front = model.get_layer("log_mel")
            rate = front.options["sampling_rate"]
            bundle.check_size("samples a second", config.source.sampling_rate, rate)
            bundle.check_size("samples of a frame", frame_length(config), 2 * front.hop)
            return cls(model, alphabet, config, delay=delay)

    @overload
    def __call__(self, recordings: Recording, decoding: CTCConfig = ...) -> Transcription: ...
    @overload
    def __call__(
        self, recordings: "Sequence[Recording]", decoding: CTCConfig = ...
    ) -> list[Transcription]: ...
    def __call__(self, recordings, decoding=CTCConfig()):  # noqa: B008  it is frozen
        """Recognise what is said in a recording, or in each of several.

        Args:
            recordings: files, or samples, floats `(time,)` at `sampling_rate`, full scale -1 to 1.
            decoding: beam width, language model and lexicon, and how many texts to give.

        Raises:
            UserError: a file cannot be read or is bad (`rnnapps.data.sound.files.read_sound`), or
                samples are none, of several channels, integers, not finite, or far beyond full scale.
        """
        if isinstance(recordings, (str, Path)) or dimensions(recordings) is not None:
            return self([recordings], decoding)[0]
        recordings = several(recordings, "recordings")
        names = [str(one) if isinstance(one, (str, Path)) else "" for one in recordings]
        sounds = [self.read(one, f"recording {n}") for n, one in enumerate(recordings, start=1)]
        return [
            Transcription(
                *(name, some, len(with_tail(self.config, sound)) / self.sampling_rate),
                *(sound, self.sampling_rate, self.delay),
            )
            for name, sound, some in zip(names, sounds, self.transcripts(sounds, decoding), strict=True)
        ]

    def transcripts(
        self, sounds: "Sequence[np.ndarray]", decoding: CTCConfig
    ) -> list[tuple[Transcript, ...]]:
        """The texts of sounds of any length, float32 `(time,)`, of each the likeliest first.

        Times in them are shares of a sound with the silence that the network hears behind it.
        """
        heard = [with_tail(self.config, sound) for sound in sounds]
        if self.step is None:
            return self._transcribe(heard, decoding)
        stream = self.stream()
        return [self._streamed(stream, sound, decoding) for sound in heard]

    def writing_delay(self, sounds: "Sequence[np.ndarray]") -> float:
        """How many seconds behind a sound the network writes it: the median, over recordings that are
        float32 `(time,)`, of the time from the first sound to the first word, at least 0; and 0 where
        it writes nothing.
        """
        import numpy as np

        from rnnapps.data.sound.lead import first_sound

        rate = self.sampling_rate
        delays: list[float] = []
        for sound, (best, *_) in zip(sounds, self.transcripts(sounds, CTCConfig()), strict=True):
            seconds = len(with_tail(self.config, sound)) / rate
            delays += [
                word.start - first_sound(sound, rate) / rate
                for word in timed_words(best.characters, seconds)[:1]
            ]
        return max(0.0, float(np.median(delays or [0.0])))

    def logits(self, sounds: "Sequence[np.ndarray]") -> "list[np.ndarray]":
        """What the Keras network makes of whole sounds, each float32 `(frames, characters)`."""
        return self._transcribe.logits([with_tail(self.config, sound) for sound in sounds])

    def _streamed(
        self, stream: SpeechStream, sound: "np.ndarray", decoding: CTCConfig
    ) -> tuple[Transcript, ...]:
        import numpy as np

        from rnnapps.inference.outputs import checked

        stream.reset()
        logits = stream.hear(np.pad(sound, (0, -len(sound) % self.frame)))
        return self.texts_of(checked(np.stack(logits)), decoding)

    def texts_of(self, logits: "np.ndarray", decoding: CTCConfig) -> tuple[Transcript, ...]:
        """The texts of the frames of a stream, float32 `(frames, characters)`, the likeliest first.

        The best path needs no Keras.
        """
        if decoding.beam_width > 1:
            return self._transcribe.texts_of(logits, decoding)
        path = BestPathStream(self.alphabet)
        for row in logits:
            path.push(row)
        return (path.transcript(),)

    def stream(self) -> SpeechStream:
        """A stream that begins now, of blocks of a frame.

        Raises:
            UserError: the network reads in both directions and cannot stream.
        """
        if self.step is not None:
            return SpeechStream(self.step.start, self.step, self.step.features, self.sampling_rate)
        from rnnapps.layers import compiled_stream

        stream = compiled_stream(self._causal())
        return SpeechStream.of_compiled(stream, self.frame, self.sampling_rate)

    def exported(self, step: "ExportedStep") -> Self:
        """The same over an exported step: see `rnnapps.export.exported_bundles`."""
        return type(self)(None, self.alphabet, self.config, step, self.delay)

    def programs(self) -> "dict[str, Program]":
        """What export converts: one block of the stream.

        Raises:
            UserError: as `stream`.
        """
        from rnnapps.export.program import Program
        from rnnapps.layers.compiled_stream import stream_step, with_constants

        model = self._causal()
        start, step = stream_step(model)
        inputs = {"x": (1, self.frame), "state": (1, start(1).shape[1])}
        return {"step": Program(with_constants(step, model.variables), inputs)}

    def _causal(self) -> "keras.Model":
        """The network without what knows of padding, which a stream has none of."""
        import keras

        if self.config.model.direction != "forward":
            raise UserError(
                "this network reads a whole recording in both directions and cannot stream: train one "
                "with --direction forward"
            )
        return keras.Model(self.model.input, self.model.get_layer("characters").output, name="speech")

    def read(self, recording: Recording, name: str = "recording") -> "np.ndarray":
        """The samples of a recording, float32 `(time,)` at `sampling_rate`; `name` is what errors call
        it.
        """
        from rnnapps.data.sound.files import check_samples, read_sound

        if isinstance(recording, (str, Path)):
            return read_sound(Path(recording), self.sampling_rate, self.config.source.max_seconds)
        return check_samples(recording, name)


@dataclass(frozen=True)
class PredictOptions(FileOptions):
    """Recognise what is said in each recording, in files or in all sound files of folders."""

    model: str = "speech/digits"
    """path or name of a bundle"""
    decoding: CTCConfig = CTCConfig()

    kind = "sound files"
    suffixes = SUFFIXES
