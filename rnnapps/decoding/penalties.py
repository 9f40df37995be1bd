"""What a beam search adds to the log-probability, and what it forbids."""

import numpy as np
from keras import ops

from rnnapps.decoding.steps import Tensor

LEAST_COVERAGE = 1e-10  # of a position that got no attention at all, whose logarithm would be -inf


def length_penalty(length: Tensor, alpha: float) -> Tensor:
    """`lp = ((5 + |Y|) / 6) ** alpha` (Wu et al. 2016, eq. 14), float32, at least 1 from length 1 on."""
    return ((5.0 + ops.cast(length, "float32")) / 6.0) ** alpha


def coverage_penalty(coverage: Tensor, mask: Tensor, beta: float) -> Tensor:
    """`cp = beta * sum_i log(min(sum_j p_ij, 1))` (Wu et al. 2016, eq. 14), at most 0.

    `coverage` is the alignment summed over the steps, `(batch, count, source)`, and `mask`
    `(batch, source)`, bool, true at the positions to sum over; returns `(batch, count)`.
    """
    logarithms = ops.log(ops.clip(coverage, LEAST_COVERAGE, 1.0))
    return beta * ops.sum(ops.where(mask[:, None], logarithms, 0.0), axis=-1)


def block_repeated_ngrams(
    log_probabilities: Tensor, tokens: Tensor, t: Tensor, n: int, end: int
) -> Tensor:
    """The log-probabilities with -inf for each token that would repeat an n-gram of its hypothesis.

    `log_probabilities` is `(batch, count, vocabulary)`; `tokens` `(batch, count, max_steps)`, of which
    the first `t` are there. The end token, which is none of them, keeps its own. Paulus et al. 2018,
    section 2.5, for trigrams.
    """
    batch, count, vocabulary = log_probabilities.shape
    windows = tokens.shape[-1] - n  # the last place can only repeat an n-gram, not be one to repeat
    if windows < 1:
        return log_probabilities
    repeats = (
        ops.arange(windows, dtype="int32") + n <= t
    )  # (windows,): the n-gram that starts here is whole
    for j in range(n - 1):
        last = ops.take(tokens, ops.maximum(t - (n - 1) + j, 0), axis=2)
        repeats = ops.logical_and(repeats, tokens[..., j : windows + j] == last[..., None])
    repeats = ops.broadcast_to(repeats, (batch, count, windows))
    # Where there is nothing to block, the end token's own value is written to it: no harm in many times.
    blocked = ops.where(repeats, tokens[..., n - 1 : windows + n - 1], end)
    values = ops.where(repeats, -np.inf, log_probabilities[..., end, None])
    rows = ops.arange(batch * count, dtype="int32")[:, None] * vocabulary
    places = ops.reshape(ops.reshape(blocked, (batch * count, windows)) + rows, (-1, 1))
    flat = ops.reshape(log_probabilities, (-1,))
    flat = ops.scatter_update(flat, places, ops.reshape(values, (-1,)))
    return ops.reshape(flat, log_probabilities.shape)
