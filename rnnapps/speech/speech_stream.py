"""A network that hears speech block by block."""

from typing import TYPE_CHECKING

from rnnapps.inference.probabilities import certain_blank
from rnnapps.inference.sample_stream import SampleStream
from rnnapps.speech.config import HEAD

if TYPE_CHECKING:
    import numpy as np


class SpeechStream(SampleStream):
    """A causal network that hears blocks of a frame; in the first `HEAD` of these it writes nothing, as
    it does in recordings (see `rnnapps.speech.model.build`).
    """

    def hear(self, samples: "np.ndarray") -> "list[np.ndarray]":
        """Hear samples, floats `(time,)` at the network's sampling rate, as many as there are.

        Returns:
            The logits of each block that they complete, float32 `(characters,)`.

        Raises:
            UserError: the samples are integers, or not finite.
        """
        answers = super().hear(samples)
        for place, logits in enumerate(answers[: max(0, HEAD - (self.hops - len(answers)))]):
            answers[place] = certain_blank(len(logits))
        return answers
