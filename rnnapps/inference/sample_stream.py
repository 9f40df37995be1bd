"""A causal network that hears samples as they come."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np


class SampleStream:
    """A causal network that hears samples hop by hop, with carried state: front end, convolutions,
    recurrent layers.

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

    @classmethod
    def of_compiled(cls, stream: tuple[Callable, Callable], hop: int, sampling_rate: int) -> Self:
        """A stream through a Keras network: what `rnnapps.layers.compiled_stream` made of it."""
        from keras import ops

        start, compiled = stream

        def step(x, state):
            logits, state = compiled(x, state)
            return ops.convert_to_numpy(logits), state

        return cls(lambda: start(1), step, hop, sampling_rate)

    def reset(self) -> None:
        """Forget all that was heard."""
        import numpy as np

        self.hops = 0
        self.logits: Any = None  # of the last hop, float32 `(classes,)`
        self._rest = np.zeros(0, "float32")
        self._state = self._start()

    @property
    def waiting(self) -> int:
        """Samples that were heard and do not complete a hop yet."""
        return len(self._rest)

    def hear(self, samples: "np.ndarray") -> "list[np.ndarray]":
        """Hear samples, floats `(time,)` at the network's sampling rate, as many as there are.

        Returns:
            The logits of each hop that they complete, float32 `(classes,)`.

        Raises:
            UserError: the samples are integers, or not finite.
        """
        import numpy as np

        from rnnapps.data.sound.files import check_samples

        samples = check_samples(samples, "stream", may_be_empty=True)
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // self.hop * self.hop
        self._rest = samples[whole:]
        answers = []
        for start in range(0, whole, self.hop):
            logits, self._state = self._step(samples[None, start : start + self.hop], self._state)
            self.logits = logits[0]
            self.hops += 1
            answers.append(self.logits)
        return answers
