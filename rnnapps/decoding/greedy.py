"""The likeliest token at every step."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from rnnapps.decoding.compiled import compiled
from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.sequential import decode
from rnnapps.decoding.steps import Nested, Step, check, inputs, to_numpy


class Greedy:
    """Greedy decoding: at every step the token of the highest probability.

    Args:
        step: see `rnnapps.decoding.steps.Step`.
        variables: the Keras variables that the step reads; on JAX one that is left out keeps the value
            that it had when the program was compiled.
        start: the token before the first.
        end: the token that ends a hypothesis.
        max_steps: the most steps, that of the end token included.
        keep_state: whether the hypotheses come with the state that decoding can go on from.

    Raises:
        ValueError: an argument is wrong; when called, also if the state that the step returns differs
            from the one it got in number, shapes or dtypes.
    """

    def __init__(
        self,
        step: Step,
        variables: Sequence[keras.Variable],
        *,
        start: int,
        end: int,
        max_steps: int,
        keep_state: bool = False,
    ):
        check("max_steps", max_steps, max_steps >= 1, "at least 1")
        self.start, self.max_steps = start, max_steps
        run = partial(decode, step, _likeliest, 1, end, max_steps, keep_state=keep_state)
        self._run = compiled(run, variables)

    def __call__(
        self, state: Nested, context: Nested = (), *, start: Any = None, limits: Any = None
    ) -> Hypotheses:
        """Decode a batch; `n` is 1.

        Args:
            state: the first state, any nesting of tensors `(batch, ...)`.
            context: any nesting of tensors `(batch, ...)` that the step reads.
            start: `(batch,)`, int32: another token before the first, of each source.
            limits: `(batch,)`, int32: the most steps of each source, at least 1, and at most `max_steps`
                (which a larger one is taken for).
        """
        start = self.start if start is None else start
        return to_numpy(self._run(*inputs(state, context, start, limits, self.max_steps)))


def _likeliest(log_probabilities, t):
    return ops.cast(ops.argmax(log_probabilities, axis=-1), "int32")
