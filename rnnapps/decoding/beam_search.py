"""The likeliest hypotheses, searched with a beam."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from rnnapps.decoding.compiled import compiled
from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.penalties import block_repeated_ngrams, coverage_penalty, length_penalty
from rnnapps.decoding.steps import (
    Nested,
    Step,
    Tensor,
    advance,
    check,
    check_end,
    expand,
    inputs,
    select,
    to_numpy,
    write,
)


class _Live(NamedTuple):
    """The hypotheses `(batch, beam_width, ...)` that have not ended, all of one length."""

    state: Nested
    last: Tensor
    tokens: Tensor  # (batch, beam_width, max_steps)
    # (batch, beam_width, max_steps): the place in the beam where each step was computed. Alignments stay
    # where they were written, rather than being reordered with the beam at every step.
    slots: Tensor
    log_probabilities: Tensor
    coverage: Nested  # (batch, beam_width, source), or () without a penalty for it


class _Finished(NamedTuple):
    """The best finished hypotheses `(batch, n_best, ...)` so far, in order; those missing score -inf."""

    tokens: Tensor
    slots: Tensor
    lengths: Tensor
    log_probabilities: Tensor
    scores: Tensor


def _where(condition: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new` or `old`, `(batch, ...)`, by a condition `(batch,)`."""
    return ops.where(ops.reshape(condition, (-1, *[1] * (len(new.shape) - 1))), new, old)


class BeamSearch:
    """Beam search, with the penalties for length and coverage of Wu et al. 2016 (GNMT).

    At each step every live hypothesis of a source is continued by every token, and the `2 * beam_width`
    continuations of highest log-probability are looked at. Those of the first `beam_width` that end are
    finished hypotheses; the first `beam_width` that do not end live on. Finished hypotheses stand apart,
    the best `n_best` of them by score

        `score(Y) = log P(Y) / lp(Y) + cp(Y)`, `lp = ((5 + |Y|) / 6) ** length_penalty`,
        `cp = coverage_penalty * sum_i log(min(sum_j p_ij, 1))`

    where |Y| is the number of steps, that of the end token included, p_ij the alignment of step j with
    source position i; a position with less than 1e-10 in all counts as 1e-10. As in the paper, live
    hypotheses, which are all of one length, compete by log P.

    A source is done when no live hypothesis can end with a score above that of the worst of its `n_best`
    finished ones: when `log P / lp(limit)` of the likeliest live one is not above it. This is an upper
    bound of all scores to come (log P <= 0 and never grows, lp grows with |Y| up to the limit of steps,
    cp <= 0), so that the result is exactly that of a search to the limit. Where fewer than `n_best` have
    finished at the limit, the best live ones follow them, with `finished` false.

    Args:
        step: see `rnnapps.decoding.steps.Step`.
        variables: the Keras variables that the step reads; on JAX one that is left out keeps the value
            that it had when the program was compiled.
        start: the token before the first.
        end: the token that ends a hypothesis.
        max_steps: the most steps, that of the end token included.
        beam_width: how many hypotheses of a source live, at least 1; it may be more than the vocabulary.
        length_penalty: alpha, at least 0 (0: none).
        coverage_penalty: beta, at least 0 (0: none).
        no_repeat_ngram: no sequence of this many tokens comes twice in a hypothesis (0: all may).
        n_best: how many hypotheses to return, from 1 to `beam_width`.

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
        beam_width: int,
        length_penalty: float = 0.0,
        coverage_penalty: float = 0.0,
        no_repeat_ngram: int = 0,
        n_best: int = 1,
    ):
        check("max_steps", max_steps, max_steps >= 1, "at least 1")
        check("beam_width", beam_width, beam_width >= 1, "at least 1")
        check("length_penalty", length_penalty, 0 <= length_penalty < np.inf, "at least 0")
        check("coverage_penalty", coverage_penalty, 0 <= coverage_penalty < np.inf, "at least 0")
        check("no_repeat_ngram", no_repeat_ngram, no_repeat_ngram >= 0, "at least 0")
        check("n_best", n_best, 1 <= n_best <= beam_width, f"from 1 to beam_width={beam_width}")
        self.step, self.start, self.end, self.max_steps = step, start, end, max_steps
        self.beam_width, self.n_best, self.no_repeat_ngram = beam_width, n_best, no_repeat_ngram
        self.length_penalty, self.coverage_penalty = length_penalty, coverage_penalty
        self._run = compiled(self._search, variables)

    def __call__(
        self,
        state: Nested,
        context: Nested = (),
        *,
        start: Any = None,
        limits: Any = None,
        source_mask: Any = None,
    ) -> Hypotheses:
        """Search for a batch; `n` is `n_best`, best first.

        Args:
            state: the first state, any nesting of tensors `(batch, ...)`.
            context: any nesting of tensors `(batch, ...)` that the step reads.
            start: `(batch,)`, int32: another token before the first, of each source.
            limits: `(batch,)`, int32: the most steps of each source, at least 1, and at most `max_steps`
                (which a larger one is taken for).
            source_mask: `(batch, source)`, bool, true at the real positions of the source; needed for a
                coverage penalty, and else not used.
        """
        start = self.start if start is None else start
        arguments = inputs(state, context, start, limits, self.max_steps)
        if not self.coverage_penalty:
            source_mask = None
        elif source_mask is None:
            raise ValueError("source_mask must be given, as coverage_penalty is above 0")
        else:
            source_mask = ops.convert_to_tensor(source_mask, dtype="bool")
        return to_numpy(self._run(*arguments, source_mask))

    def _search(self, state, context, start, limits, mask) -> Hypotheses:
        batch, width, steps = start.shape[0], self.beam_width, self.max_steps
        state, last = expand(state, width), expand(start, width)
        # For the shapes alone: nothing uses the values, and compilers leave them out.
        log_probabilities, _, alignment = advance(self.step, last, state, context)
        check_end(self.end, log_probabilities.shape[-1])
        if mask is not None:
            found = None if alignment is None else (batch, alignment.shape[-1])
            wanted = f"of the shape of the step's alignment, {found}, as coverage_penalty is above 0"
            check("source_mask", tuple(mask.shape), tuple(mask.shape) == found, wanted)
        live = _Live(
            state=state,
            last=last,
            tokens=ops.full((batch, width, steps), self.end, dtype="int32"),
            slots=ops.zeros((batch, width, steps), "int32"),
            # One hypothesis to begin with: the rest cannot come.
            log_probabilities=ops.where(
                ops.arange(width) == 0, ops.zeros((batch, 1), "float32"), -np.inf
            ),
            coverage=() if mask is None else ops.zeros_like(alignment),
        )
        done = _Finished(
            tokens=ops.full((batch, self.n_best, steps), self.end, dtype="int32"),
            slots=ops.zeros((batch, self.n_best, steps), "int32"),
            lengths=ops.zeros((batch, self.n_best), "int32"),
            log_probabilities=ops.full((batch, self.n_best), -np.inf, dtype="float32"),
            scores=ops.full((batch, self.n_best), -np.inf, dtype="float32"),
        )
        stores = () if alignment is None else (ops.zeros((steps, *alignment.shape), "float32"),)

        def condition(t, live, done, stores):
            return ops.any(self._active(t, live, done, limits))

        def body(t, live, done, stores):
            active = self._active(t, live, done, limits)
            new, done, alignment = self._advance(t, live, done, active, context, mask)
            live = tree.map_structure(lambda new, old: _where(active, new, old), new, live)
            return t + 1, live, done, tuple(write(store, t, alignment) for store in stores)

        loop = (ops.zeros((), "int32"), live, done, stores)
        _, live, done, stores = ops.while_loop(condition, body, loop)
        return self._result(live, done, stores, limits, mask)

    def _active(self, t, live, done, limits):
        """Which sources are not done, `(batch,)`: once done, always done, as nothing of it changes."""
        bound = ops.max(live.log_probabilities, axis=1) / length_penalty(limits, self.length_penalty)
        return ops.logical_and(t < limits, bound > done.scores[:, -1])

    def _score(self, log_probabilities, length, coverage, mask):
        scores = log_probabilities / length_penalty(length, self.length_penalty)
        if mask is None:
            return scores
        return scores + coverage_penalty(coverage, mask, self.coverage_penalty)

    def _advance(self, t, live, done, active, context, mask):
        """Step `t`: the live hypotheses after it, the finished ones, and the alignment."""
        width = self.beam_width
        log_probabilities, state, alignment = advance(self.step, live.last, live.state, context)
        if self.no_repeat_ngram:
            log_probabilities = block_repeated_ngrams(
                log_probabilities, live.tokens, t, self.no_repeat_ngram, self.end
            )
        batch, _, vocabulary = log_probabilities.shape
        totals = live.log_probabilities[..., None] + log_probabilities
        totals, places = ops.top_k(ops.reshape(totals, (batch, width * vocabulary)), 2 * width)
        parents, last = ops.cast(places // vocabulary, "int32"), ops.cast(places % vocabulary, "int32")
        tokens, slots = select((live.tokens, live.slots), parents)
        here = ops.arange(self.max_steps, dtype="int32") == t
        candidates = _Live(
            state=(),  # large: only of those that live on
            last=last,
            tokens=ops.where(here, last[..., None], tokens),
            slots=ops.where(here, parents[..., None], slots),
            log_probabilities=totals,
            coverage=() if mask is None else select(live.coverage + alignment, parents),
        )
        ends = last == self.end
        totals, order = ops.top_k(ops.where(ends, -np.inf, totals), width)
        order = ops.cast(order, "int32")
        # With these totals, as one that ended may fill a place for which there is no other: -inf.
        new = select(candidates, order)._replace(
            state=select(state, select(parents, order)), log_probabilities=totals
        )

        scores = self._score(candidates.log_probabilities, t + 1, candidates.coverage, mask)
        # By rank, not by slicing: XLA merges a slice with its top-k's own, no longer sees a top-k in the
        # two, and sorts all continuations, which takes many times as long as the rest of the step.
        ends = ops.logical_and(ends, ops.arange(2 * width) < width)
        ends = ops.logical_and(ends, active[:, None])
        ended = _Finished(
            tokens=candidates.tokens,
            slots=candidates.slots,
            lengths=ops.broadcast_to(t, (batch, 2 * width)),
            log_probabilities=candidates.log_probabilities,
            scores=ops.where(ends, scores, -np.inf),
        )
        both = tree.map_structure(lambda old, new: ops.concatenate([old, new], axis=1), done, ended)
        _, order = ops.top_k(both.scores, self.n_best)
        return new, select(both, ops.cast(order, "int32")), alignment

    def _result(self, live, done, stores, limits, mask) -> Hypotheses:
        """The finished hypotheses of each source and, in the places left, its best live ones."""
        n = self.n_best
        lengths = ops.broadcast_to(limits[:, None], live.last.shape)
        unfinished = _Finished(
            tokens=live.tokens,
            slots=live.slots,
            lengths=lengths,
            log_probabilities=live.log_probabilities,
            scores=self._score(live.log_probabilities, lengths, live.coverage, mask),
        )
        _, order = ops.top_k(unfinished.scores, n)
        unfinished = select(unfinished, ops.cast(order, "int32"))
        count = ops.sum(ops.cast(done.scores > -np.inf, "int32"), axis=1, keepdims=True)
        places = ops.arange(n, dtype="int32")
        finished = places < count  # (batch, n)
        both = tree.map_structure(lambda a, b: ops.concatenate([a, b], axis=1), done, unfinished)
        best = select(both, ops.where(finished, places, n + places - count))
        found = best.scores > -np.inf
        steps = ops.where(found, best.lengths + ops.cast(finished, "int32"), 0)  # with the end token's
        real = ops.arange(self.max_steps, dtype="int32") < steps[..., None]
        alignments = None
        if stores:
            time, batch, width, source = stores[0].shape
            store = ops.reshape(stores[0], (time * batch, width, source))
            slots = ops.reshape(ops.transpose(best.slots, (2, 0, 1)), (time * batch, n))
            alignments = ops.reshape(select(store, slots), (time, batch, n, source))
            alignments = ops.where(real[..., None], ops.transpose(alignments, (1, 2, 0, 3)), 0.0)
        return Hypotheses(
            tokens=ops.where(real, best.tokens, self.end),
            lengths=ops.where(found, best.lengths, 0),
            scores=best.scores,
            log_probabilities=best.log_probabilities,
            alignments=alignments,
            finished=ops.logical_and(finished, found),
        )
