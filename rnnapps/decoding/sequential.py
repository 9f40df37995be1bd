"""The loop of greedy decoding and sampling: hypotheses that do not compete."""

from collections.abc import Callable

from keras import ops

from rnnapps.decoding.hypotheses import Hypotheses
from rnnapps.decoding.steps import Nested, Step, Tensor, advance, check_end, expand, write


def decode(
    step: Step,
    choose: Callable[[Tensor, Tensor], Tensor],
    count: int,
    end: int,
    max_steps: int,
    state: Nested,
    context: Nested,
    start: Tensor,
    limits: Tensor,
    keep_state: bool = False,
) -> Hypotheses:
    """Decode `count` hypotheses of each source until all have the end token or reach their limit.

    `choose(log_probabilities, t)` gives the tokens `(batch, count)` of step `t` from
    `(batch, count, vocabulary)`. Returns tensors.
    """
    state, last = expand(state, count), expand(start, count)
    # For the shapes alone: nothing uses the values, and compilers leave them out.
    log_probabilities, _, alignment = advance(step, last, state, context)
    check_end(end, log_probabilities.shape[-1])
    shape = last.shape
    stores = () if alignment is None else (ops.zeros((max_steps, *alignment.shape), "float32"),)

    def running(t, finished):
        return ops.logical_and(ops.logical_not(finished), t < limits[:, None])

    def condition(t, last, state, tokens, lengths, totals, finished, stores):
        return ops.any(running(t, finished))

    def body(t, last, state, tokens, lengths, totals, finished, stores):
        runs = running(t, finished)
        log_probabilities, state, alignment = advance(step, last, state, context)
        chosen = choose(log_probabilities, t)
        gain = ops.take_along_axis(log_probabilities, chosen[..., None], axis=-1)[..., 0]
        totals = ops.where(runs, totals + gain, totals)
        ends = ops.logical_and(runs, chosen == end)
        last = ops.where(runs, chosen, end)
        tokens = write(tokens, t, last)
        lengths = lengths + ops.cast(ops.logical_and(runs, chosen != end), "int32")
        stores = tuple(write(store, t, ops.where(runs[..., None], alignment, 0.0)) for store in stores)
        return t + 1, last, state, tokens, lengths, totals, ops.logical_or(finished, ends), stores

    loop = (
        ops.zeros((), "int32"),
        last,
        state,
        ops.full((max_steps, *shape), end, dtype="int32"),
        ops.zeros(shape, "int32"),
        ops.zeros(shape, "float32"),
        ops.zeros(shape, "bool"),
        stores,
    )
    _, _, state, *stored = ops.while_loop(condition, body, loop)
    tokens, lengths, totals, finished, stores = stored
    return Hypotheses(
        tokens=ops.transpose(tokens, (1, 2, 0)),
        lengths=lengths,
        scores=totals,
        log_probabilities=totals,
        alignments=ops.transpose(stores[0], (1, 2, 0, 3)) if stores else None,
        finished=finished,
        state=state if keep_state else None,
    )
