"""Recognise speech as it is spoken: a recording of any length, or the microphone.

From the shell and from Python:

    rnnapps stream speech --model runs/speech --input long.flac --json heard.jsonl
    rnnapps stream speech --microphone --pause 0.5
    listen = Utterances(rnnapps.load("runs/speech"), UtteranceConfig()); listen.hear(samples)
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.errors import UserError
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.recording_options import RecordingOptions
from rnnapps.speech.config import UtteranceConfig
from rnnapps.speech.utterances import Heard, Utterances

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from rnnapps.speech.predictor import SpeechPredictor

log = logging.getLogger(__name__)

DRAWN = 15  # seconds of a recording, from its beginning


@dataclass(frozen=True)
class StreamOptions(RecordingOptions):
    """Write down a long recording or the microphone: lines `from to text`, with `...` behind what is
    still being said.
    """

    model: str = "speech/digits"
    """path or name of a bundle, of a network that can stream"""
    utterances: UtteranceConfig = UtteranceConfig()
    decoding: CTCConfig = CTCConfig()


class Listener:
    """Hears a recording piece by piece, and tells what is said in it.

    Args:
        recogniser: a predictor that can stream.
        options: of utterances and decoding.
    """

    def __init__(self, recogniser: Any, options: StreamOptions):
        self.recogniser = recogniser
        self.utterances = Utterances(recogniser, options.utterances, options.decoding)
        self._kept: list[np.ndarray] = []
        self._answers: list[Heard] = []

    def hear(self, samples: "np.ndarray", keep: bool) -> list[Heard]:
        """What a piece adds; with `keep` the beginning is remembered, to be drawn."""
        answers = self.utterances.hear(samples)
        if keep and sum(map(len, self._kept)) < DRAWN * self.recogniser.sampling_rate:
            self._kept.append(samples)
            self._answers += answers
        return answers

    def end(self) -> list[Heard]:
        """What was being said when the recording ended; how long it took is logged."""
        answers = self.utterances.end()
        if self._kept:
            self._answers += answers
        log.info("%s", self.utterances.latency())
        return answers

    def plot(self) -> "Figure":
        """The first seconds: their spectrogram, their words, and the peak of each character.

        Raises:
            UserError: the recording is empty.
        """
        import numpy as np

        from rnnapps.evaluation.transcript_plots import plot_speech
        from rnnapps.inference.transcript import TimedCharacter

        if not self._kept:
            raise UserError("nothing to draw: the recording is empty")
        samples, rate = np.concatenate(self._kept), self.recogniser.sampling_rate
        seconds = len(samples) / rate
        final = [heard for heard in self._answers if heard.final and heard.start < seconds]
        characters = [
            TimedCharacter(
                one.character,
                one.confidence,
                *((heard.start + share * heard.seconds) / seconds for share in (one.start, one.end)),
            )
            for heard in final
            for one in heard.characters
        ]
        words = [word for heard in final for word in heard.words]
        return plot_speech(samples, rate, words, characters, seconds)


def stream_texts(
    recogniser: "SpeechPredictor",
    sounds: "Sequence[np.ndarray]",
    decoding: CTCConfig,
    config: UtteranceConfig,
) -> tuple[list[str], dict[str, Any]]:
    """The texts of sounds that are heard block by block, each from its beginning.

    Returns:
        The texts; and the milliseconds of sound of a block, those that a second of sound took, and the
        median and the 99th percentile of those that a block took, Python included; `latency` says it
        for people.

    Raises:
        UserError: the network cannot stream.
    """
    utterances = Utterances(recogniser, config, decoding)
    utterances.warm_up()
    texts = []
    for sound in sounds:
        utterances.reset()
        heard = [*utterances.hear(sound), *utterances.end()]
        texts.append(" ".join(one.text for one in heard if one.final))
    return texts, utterances.measured() | {"latency": utterances.latency()}
