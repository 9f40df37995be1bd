"""Beam search as a Python loop over the steps, to be measured beside `rnnapps.decoding.BeamSearch`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from rnnapps.decoding import Hypotheses
from rnnapps.decoding.steps import Step


def step_loop(
    step: Step,
    state: Sequence[Any],
    context: Any,
    *,
    start: int,
    end: int,
    limits: np.ndarray,
    beam_width: int,
) -> Hypotheses:
    """The search of `BeamSearch` without penalties, the beam kept in NumPy.

    Args:
        step: one step, as it is or compiled.
        state: tensors `(batch, ...)`.
        context: what the step reads, one row for each source.
        start, end: the token before the first, and the one that ends a hypothesis.
        limits: int `(batch,)`, the most steps of each source.
        beam_width: hypotheses of a source.

    Returns:
        The best hypothesis of each source, without alignments.
    """
    batch, steps, width = len(limits), int(limits.max()), beam_width
    sources = np.arange(batch)[:, None]
    rows = [np.repeat(ops.convert_to_numpy(part), width, axis=0) for part in state]
    last = np.full((batch, width), start, "int32")
    tokens = np.full((batch, width, steps), end, "int32")
    # One hypothesis to begin with: the rest cannot come.
    totals = np.tile(np.array([0.0] + [-1e9] * (width - 1), "float32"), (batch, 1))
    best = np.full((batch, steps), end, "int32")  # the finished hypotheses
    lengths = np.zeros(batch, "int32")
    scores = np.full(batch, -np.inf, "float32")
    for t in range(steps):
        active = (t < limits) & (totals.max(axis=1) > scores)
        if not active.any():
            break
        logits, rows, _ = step(
            ops.convert_to_tensor(last.ravel()), tuple(map(ops.convert_to_tensor, rows)), context
        )
        continued = totals[..., None] + log_softmax(ops.convert_to_numpy(logits)).reshape(
            batch, width, -1
        )
        vocabulary = continued.shape[-1]
        continued = continued.reshape(batch, -1)
        places = np.argpartition(-continued, 2 * width - 1, axis=1)[:, : 2 * width]
        places = places[sources, np.argsort(-continued[sources, places], axis=1, kind="stable")]
        candidates = continued[sources, places]
        parents, words = np.divmod(places, vocabulary)

        ends = (words == end) & (np.arange(2 * width) < width) & active[:, None]
        ended = np.where(ends, candidates, -np.inf)
        place = ended.argmax(axis=1)
        better = ended.max(axis=1) > scores
        of_best = parents[sources[:, 0], place][better]
        best[better], lengths[better] = tokens[better, of_best], t
        scores[better] = ended.max(axis=1)[better]

        live = np.argsort(words == end, axis=1, kind="stable")[:, :width]  # the first that do not end
        parents, words, candidates = (part[sources, live] for part in (parents, words, candidates))
        order = (sources * width + parents).ravel()
        rows = [ops.convert_to_numpy(part)[order] for part in rows]
        last = words.astype("int32")
        tokens[active] = tokens[sources, parents][active]  # of a source that is done nothing changes
        tokens[active, :, t] = last[active]
        totals[active] = candidates[active]
    finished = scores > -np.inf
    place = totals.argmax(axis=1)
    best[~finished] = tokens[sources[:, 0], place][~finished]
    scores = np.where(finished, scores, totals.max(axis=1))
    lengths = np.where(finished, lengths, limits).astype("int32")
    return Hypotheses(
        tokens=best[:, None],
        lengths=lengths[:, None],
        scores=scores[:, None],
        log_probabilities=scores[:, None],
        alignments=None,
        finished=finished[:, None],
    )


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities over the last axis."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
