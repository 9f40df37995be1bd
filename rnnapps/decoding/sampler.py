"""Tokens drawn at random."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from rnnapps.decoding.compiled import compiled
from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.sequential import decode
from rnnapps.decoding.steps import Nested, Step, Tensor, below_peak, check, inputs, to_numpy


class Sampler:
    """Sampling: every token drawn from the step's distribution, which may be sharpened and truncated.

    In this order: the logits are divided by `temperature`; the `top_k` likeliest tokens are kept (Fan et
    al. 2018); of these the nucleus is kept, the fewest tokens whose probability together reaches `top_p`
    (Holtzman et al. 2020); what is kept is normalised again. `scores` and `log_probabilities` are those
    of the model, without these three.

    Args:
        step: see `rnnapps.decoding.steps.Step`.
        variables: the Keras variables that the step reads; on JAX one that is left out keeps the value
            that it had when the program was compiled.
        start: the token before the first.
        end: the token that ends a hypothesis.
        max_steps: the most steps, that of the end token included.
        temperature: above 0; below 1 sharpens, above 1 flattens.
        top_k: at least 1, or None for all tokens.
        top_p: above 0, at most 1, or None for all tokens.
        samples: how many to draw for each source, independently.
        seed: at least 0. The same seed and arguments draw the same on the same backend and machine.
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
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        samples: int = 1,
        seed: int,
        keep_state: bool = False,
    ):
        check("max_steps", max_steps, max_steps >= 1, "at least 1")
        check("temperature", temperature, 0 < temperature < math.inf, "above 0")
        check("top_k", top_k, top_k is None or top_k >= 1, "at least 1")
        check("top_p", top_p, top_p is None or 0 < top_p <= 1, "above 0 and at most 1")
        check("samples", samples, samples >= 1, "at least 1")
        check("seed", seed, seed >= 0, "at least 0")
        self.start, self.max_steps, self.seed = start, max_steps, seed
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        # Keras draws from integers or generators, not from tensors: this one hands over a tensor.
        self._generator = keras.random.SeedGenerator(0)

        def run(seeds, *arguments):
            def choose(log_probabilities, t):
                return self._draw(log_probabilities, ops.take(seeds, t, axis=0))

            return decode(step, choose, samples, end, max_steps, *arguments, keep_state)

        self._run = compiled(run, variables)

    def __call__(
        self,
        state: Nested,
        context: Nested = (),
        *,
        start: Any = None,
        limits: Any = None,
        seed: int | None = None,
    ) -> Hypotheses:
        """Draw for a batch; `n` is `samples`, in no order.

        Args:
            state: the first state, any nesting of tensors `(batch, ...)`.
            context: any nesting of tensors `(batch, ...)` that the step reads.
            start: `(batch,)`, int32: another token before the first, of each source.
            limits: `(batch,)`, int32: the most steps of each source, at least 1, and at most `max_steps`
                (which a larger one is taken for).
            seed: another seed than the sampler's; it does not compile anew.
        """
        start, seed = (self.start if start is None else start), (self.seed if seed is None else seed)
        check("seed", seed, seed >= 0, "at least 0")
        # A seed of its own for each step. 31 bits: the backends' types of seeds are signed and unsigned.
        seeds = np.random.SeedSequence(seed).generate_state(2 * self.max_steps).reshape(-1, 2) >> 1
        seeds = ops.convert_to_tensor(seeds, dtype=self._generator.state.dtype)
        return to_numpy(self._run(seeds, *inputs(state, context, start, limits, self.max_steps)))

    def _draw(self, log_probabilities: Tensor, seed: Tensor) -> Tensor:
        """Tokens `(batch, samples)` from `(batch, samples, vocabulary)`."""
        *shape, vocabulary = log_probabilities.shape
        logits = below_peak(ops.reshape(log_probabilities, (-1, vocabulary))) / self.temperature
        tokens = None
        nucleus = self.top_p is not None and self.top_p < 1
        if nucleus or (self.top_k is not None and self.top_k < vocabulary):
            logits, tokens = ops.top_k(logits, min(self.top_k or vocabulary, vocabulary))
        if nucleus:
            probabilities = ops.softmax(logits, axis=-1)
            likelier = ops.cumsum(probabilities, axis=-1) - probabilities
            logits = ops.where(likelier < self.top_p, logits, -np.inf)
        # Finite, as some backends cannot draw where nothing is possible; such a hypothesis scores -inf.
        logits = ops.maximum(logits, -1e30)
        with keras.StatelessScope(state_mapping=[(self._generator.state, seed)]):
            drawn = keras.random.categorical(logits, 1, dtype="int32", seed=self._generator)
        if tokens is not None:
            drawn = ops.take_along_axis(ops.cast(tokens, "int32"), drawn, axis=-1)
        return ops.reshape(drawn, shape)
