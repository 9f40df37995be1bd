"""What is said in a stream, word by word and pause by pause."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnapps.inference.best_path_stream import BLANK, BestPathStream
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.timed_word import TimedWord, timed_words
from rnnapps.inference.transcript import TimedCharacter, Transcript
from rnnapps.speech.config import UtteranceConfig

if TYPE_CHECKING:
    import numpy as np

    from rnnapps.speech.predictor import SpeechPredictor

LONGEST = 30.0  # seconds after which an utterance without a pause ends behind a word,
MOST = 60.0  # or anywhere
BLOCKS = 100_000  # whose times are remembered


@dataclass(frozen=True)
class Heard:
    """What was said in the `seconds` from `start` on, in seconds from the beginning of the stream.

    Times of characters are shares of these. Until `final` they are whole words, and more may follow;
    then a pause has come.
    """

    start: float
    seconds: float
    text: str
    final: bool
    words: tuple[TimedWord, ...]
    characters: tuple[TimedCharacter, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "start": round(self.words[0].start, 3),
            "end": round(self.words[-1].end, 3),
            "text": self.text,
            "final": self.final,
            "words": [word.to_dict() for word in self.words],
        }

    def describe(self) -> str:
        """For people: from its first word to its last, and the text."""
        times = f"{self.words[0].start:.2f} {self.words[-1].end:.2f}"
        return f"{times} {self.text}{'' if self.final else ' ...'}"


class Utterances:
    """Hears samples as they come and divides what is said at pauses.

    Whenever a word is complete, all words since the last pause are told; those that were told before
    stay as they are, as the best path never changes what it has written. Behind a pause they are told as
    final: with a beam, a search over all frames since the last pause may then have changed them. The
    state of the network is carried through pauses, so that it hears what it would hear of the whole
    recording. Memory does not grow with the stream.

    Args:
        recogniser: that can stream.
        config: what a pause is.
        decoding: how the final texts are found.

    Raises:
        UserError: the network cannot stream.
    """

    def __init__(
        self,
        recogniser: "SpeechPredictor",
        config: UtteranceConfig = UtteranceConfig(),  # noqa: B008  it is frozen
        decoding: CTCConfig = CTCConfig(),  # noqa: B008
    ):
        self.recogniser, self.decoding = recogniser, decoding
        self.stream = recogniser.stream()
        self.path = BestPathStream(recogniser.alphabet)
        self._pause = max(1, round(config.pause / self.stream.hop_seconds))
        # A search gets what came before the first character too, which may be another one.
        self._frames: deque[np.ndarray] = deque()
        self._seconds: deque[float] = deque(maxlen=BLOCKS)
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard, but not how long it took."""
        self.stream.reset()
        self._begin()

    def warm_up(self) -> None:
        """Compile the network."""
        import numpy as np

        self.stream.hear(np.zeros(self.stream.hop, "float32"))
        self.reset()

    def hear(self, samples: "np.ndarray") -> list[Heard]:
        """What samples, floats `(time,)` at the network's rate, add to what was said.

        Raises:
            UserError: the samples are integers, or not finite; or the network is damaged.
        """
        import numpy as np

        from rnnapps.inference.outputs import checked

        answers = []
        hop = self.stream.hop
        for part in np.split(samples, range(hop, len(samples), hop)):  # of which each is timed
            start = time.perf_counter()
            for logits in self.stream.hear(part):
                answers += self._next(checked(logits), self.stream.hops)
                self._seconds.append(time.perf_counter() - start)
        return answers

    def end(self) -> list[Heard]:
        """What was being said when the stream ended, which is final now."""
        import numpy as np

        from rnnapps.speech.data import with_tail

        # The silence in which the network writes what it heard last.
        silence = with_tail(self.recogniser.config, np.zeros(0, "float32"))
        rest = -(len(silence) + self.stream.waiting) % self.stream.hop
        return self.hear(np.pad(silence, (0, rest))) + self._final(self.stream.hops)

    def measured(self) -> dict[str, float]:
        """The milliseconds of sound of a block, those that it took, and those of a second of sound."""
        import numpy as np

        took, block = 1000 * np.array(self._seconds or [0.0]), self.stream.hop_seconds
        return {
            "block_milliseconds": round(1000 * block, 3),
            "median_milliseconds": round(float(np.median(took)), 3),
            "slow_milliseconds": round(float(np.percentile(took, 99)), 3),
            "milliseconds_per_second": round(float(took.mean()) / block, 2),
        }

    def latency(self) -> str:
        """The same for people."""
        times = self.measured()
        return (
            f"blocks of {times['block_milliseconds']:g} ms of sound; computing one took "
            f"{times['median_milliseconds']:.2f} ms (99 %: {times['slow_milliseconds']:.2f}), a second "
            f"of sound {times['milliseconds_per_second']:.1f} ms"
        )

    def _begin(self) -> None:
        self.path.reset()
        self._frames.clear()
        self._silent = 0  # frames since the last character
        self._told = 0  # words

    def _next(self, logits: "np.ndarray", number: int) -> list[Heard]:
        """What frame `number`, float32 `(classes,)`, adds."""
        self._frames.append(logits)
        if not self.path.text and int(logits.argmax()) == BLANK:
            if len(self._frames) > self._pause:
                self._frames.popleft()
            return []
        for row in self._frames if not self.path.text else [logits]:
            best = self.path.push(row)
        space = best != BLANK and self.recogniser.alphabet.characters[best - 1].isspace()
        self._silent = self._silent + 1 if best == BLANK or space else 0
        seconds = len(self._frames) * self.stream.hop_seconds
        if self._silent >= self._pause or (seconds >= LONGEST and space) or seconds >= MOST:
            return self._final(number)
        words = len(self.path.text.split()) if space else 0
        if words <= self._told:
            return []
        self._told = words
        return [self._heard(number, self.path.transcript(), final=False)]

    def _final(self, number: int) -> list[Heard]:
        """What was said up to frame `number`, if anything; then comes something new."""
        import numpy as np

        heard = []
        if self.path.text.strip():
            best, *_ = self.recogniser.texts_of(np.stack(self._frames), self.decoding)
            heard = [self._heard(number, best, final=True)]
        self._begin()
        return [one for one in heard if one.text]

    def _heard(self, number: int, found: Transcript, final: bool) -> Heard:
        seconds = len(self._frames) * self.stream.hop_seconds
        start = number * self.stream.hop_seconds - seconds
        return Heard(
            start,
            seconds,
            " ".join(found.text.split()),
            final,
            timed_words(found.characters, seconds, start, self.recogniser.delay),
            found.characters,
        )
