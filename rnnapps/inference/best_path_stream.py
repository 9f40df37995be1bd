"""The best path of CTC, frame by frame."""

from typing import TYPE_CHECKING

from rnnapps.inference.transcript import TimedCharacter, Transcript

if TYPE_CHECKING:
    import numpy as np

    from rnnapps.data.text.alphabet import Alphabet

BLANK = 0


class BestPathStream:
    """Writes the likeliest class of each frame, as `rnnapps.decoding.ctc_best_path`, as they come.

    What it has written it never changes. It needs no Keras.

    Args:
        alphabet: of the network.
    """

    def __init__(self, alphabet: "Alphabet"):
        self.alphabet = alphabet
        self.reset()

    def reset(self) -> None:
        """Begin a new text."""
        self.frames = 0
        self._last = BLANK
        self._score = 0.0
        self._ids: list[int] = []
        self._first: list[int] = []
        self._end: list[int] = []
        self._confidences: list[float] = []

    @property
    def text(self) -> str:
        """What is written so far."""
        return self.alphabet.decode(self._ids)

    def push(self, logits: "np.ndarray") -> int:
        """Take a frame, float32 `(classes,)`, and return its likeliest class: 0 is the blank."""
        import numpy as np

        best = int(logits.argmax())
        log_probability = -float(np.log(np.exp(logits - logits[best]).sum()))
        self._score += log_probability
        if best != BLANK:
            if best != self._last:
                self._ids.append(best)
                self._first.append(self.frames)
                self._end.append(0)
                self._confidences.append(0.0)
            self._end[-1] = self.frames + 1
            self._confidences[-1] = max(self._confidences[-1], float(np.exp(log_probability)))
        self._last = best
        self.frames += 1
        return best

    def transcript(self) -> Transcript:
        """The text, with the times of characters as shares of the frames so far."""
        columns = zip(self._ids, self._confidences, self._first, self._end, strict=True)
        return Transcript(
            self.text,
            self._score,
            tuple(
                TimedCharacter(
                    self.alphabet.characters[number - 1],
                    confidence,
                    first / self.frames,
                    end / self.frames,
                )
                for number, confidence, first, end in columns
            ),
        )
