"""What all decoders share: the step, the inputs of a call, and hypotheses in nested tensors.

A step sees rows, the hypotheses of one source adjacent. Everywhere else they have two axes,
`(batch, count, ...)`; the count is the beam width or the number of samples.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from rnnapps.decoding.hypotheses import Hypotheses

Tensor = Any
Nested = Any  # tuples, lists and dicts of tensors

Step = Callable[[Tensor, Nested, Nested], tuple[Tensor, Nested, Tensor | None]]
"""`step(tokens, state, context) -> (logits, state, alignment)`, a pure function in Keras's operations.

- tokens: `(rows,)`, int32, the last token of each hypothesis; rows = batch * count, the hypotheses of
  one source adjacent.
- state: any nesting of tensors whose first axis is rows. It is returned with the same nesting, shapes
  and dtypes; decoding reorders it.
- context: any nesting of tensors (or None) whose first axis is batch; `()` for a language model. It has
  one row for each source, which `rows // batch` hypotheses share, and is neither copied nor reordered.
- logits: `(rows, vocabulary)`, of any floating dtype; -inf for a token that cannot come.
- alignment: `(rows, source)`, zero at padded positions of the source, or None.
"""


def check(name: str, value: Any, valid: bool, allowed: str) -> None:
    """Raise a ValueError that names the argument and what is allowed, unless it is valid."""
    if not valid:
        raise ValueError(f"{name} must be {allowed}, not {value!r}")


def check_end(end: int, vocabulary: int) -> None:
    """The end token is one of the vocabulary, and not the only one."""
    check("the vocabulary of the step", vocabulary, vocabulary >= 2, "of at least 2 tokens")
    check("end", end, 0 <= end < vocabulary, f"a token of the step's vocabulary, 0 to {vocabulary - 1}")


def inputs(
    state: Nested, context: Nested, start: Any, limits: Any, max_steps: int
) -> tuple[Nested, Nested, Tensor, Tensor]:
    """The arguments of a call as tensors: state, context, start `(batch,)` and limits `(batch,)`."""
    state, context = tree.map_structure(
        lambda array: None if array is None else ops.convert_to_tensor(array), (state, context)
    )
    sizes = {tuple(x.shape[:1]) for x in tree.flatten((state, context)) if x is not None}
    if len(sizes) != 1 or () in sizes:
        found = ", ".join(str(size[0]) if size else "none" for size in sorted(sizes)) or "no tensors"
        raise ValueError(f"state and context must have one first axis in common, the batch; got {found}")
    ((batch,),) = sizes
    start = _per_source("start", start, batch)
    limits = _per_source("limits", max_steps if limits is None else limits, batch)
    check("limits", int(limits.min()), limits.min() >= 1, "at least 1")
    limits = np.minimum(limits, max_steps)
    return state, context, ops.convert_to_tensor(start), ops.convert_to_tensor(limits)


def _per_source(name: str, value: Any, batch: int) -> np.ndarray:
    """An integer, or an integer of each source, as `(batch,)`, int32."""
    array = np.asarray(value if isinstance(value, int) else ops.convert_to_numpy(value))
    valid = array.shape in [(), (batch,)] and np.issubdtype(array.dtype, np.integer)
    check(name, value, valid, f"an integer, or {batch} of them, one for each source")
    return np.broadcast_to(array, (batch,)).astype("int32")


def advance(
    step: Step, tokens: Tensor, state: Nested, context: Nested
) -> tuple[Tensor, Nested, Tensor | None]:
    """One step of all hypotheses.

    `tokens` is `(batch, count)`. Returns the log-probabilities `(batch, count, vocabulary)`, float32,
    the state, and the alignment `(batch, count, source)`, float32, or None.
    """
    batch, count = tokens.shape

    def split(array):
        return ops.reshape(array, (batch, count, *array.shape[1:]))

    rows = tree.map_structure(lambda x: ops.reshape(x, (batch * count, *x.shape[2:])), state)
    logits, new, alignment = step(ops.reshape(tokens, (batch * count,)), rows, context)
    given, returned = ([_described(x) for x in tree.flatten(nested)] for nested in (rows, new))
    if given != returned:
        raise ValueError(f"step must return a state as it gets it: it got {given}, returned {returned}")
    new = tree.pack_sequence_as(
        state, [split(x) for x in tree.flatten(new)]
    )  # a list may become a tuple
    if alignment is not None:
        alignment = split(ops.cast(alignment, "float32"))
    return log_softmax(split(ops.cast(logits, "float32"))), new, alignment


def _described(tensor: Tensor) -> tuple[tuple[int, ...], str]:
    return tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype)


def below_peak(logits: Tensor) -> Tensor:
    """The logits less the largest of each row, which may be -inf."""
    peak = ops.max(logits, axis=-1, keepdims=True)
    return logits - ops.maximum(peak, np.finfo("float32").min)


def log_softmax(logits: Tensor) -> Tensor:
    """Log-probabilities, never above 0. Where every logit is -inf they all are, not NaN."""
    logits = below_peak(logits)
    total = ops.sum(ops.exp(logits), axis=-1, keepdims=True)  # at least 1 where a logit is finite
    return logits - ops.log(ops.maximum(total, 1.0))


def expand(nested: Nested, count: int) -> Nested:
    """Each `(batch, ...)` repeated as `(batch, count, ...)`."""
    return tree.map_structure(
        lambda x: ops.broadcast_to(x[:, None], (x.shape[0], count, *x.shape[1:])), nested
    )


def select(nested: Nested, indices: Tensor) -> Nested:
    """Each `(batch, count, ...)` at the indices `(batch, n)` of its second axis: `(batch, n, ...)`."""

    def one(array):
        batch, count = array.shape[:2]
        rows = ops.arange(batch, dtype="int32")[:, None] * count + indices
        return ops.take(ops.reshape(array, (batch * count, *array.shape[2:])), rows, axis=0)

    return tree.map_structure(one, nested)


def write(array: Tensor, t: Tensor, value: Tensor) -> Tensor:
    """The array with another element `t` along the first axis."""
    zeros = [ops.zeros((), "int32")] * (len(array.shape) - 1)
    return ops.slice_update(array, (t, *zeros), value[None])


def to_numpy(hypotheses: Hypotheses) -> Hypotheses:
    """The fields as NumPy arrays; None stays, and so does the state, which decoding may go on from."""
    arrays = {
        name: ops.convert_to_numpy(field)
        for name, field in hypotheses._asdict().items()
        if name != "state" and field is not None
    }
    return hypotheses._replace(**arrays)
