"""Products of a time step with its weights, which a loop keeps for its way back.

They are most of a step's work. The way back needs what the step computed from them: it has them from
here, and computes only the rest anew.
"""

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

import keras
from keras import ops

from rnnapps.layers.kernels.equations import Tensor

_kept: ContextVar[list[Tensor] | None] = ContextVar("kept", default=None)
_known: ContextVar[Iterator[Tensor] | None] = ContextVar("known", default=None)


def product(x: Tensor, kernel: keras.Variable) -> Tensor:
    """`x @ kernel` in the dtype of x; x is `(..., features)`, the kernel `(features, size)`."""
    kernel = ops.cast(kernel, x.dtype)
    known = _known.get()
    if known is not None:
        rows = ops.reshape(x, (-1, x.shape[-1]))
        result = _as_known(rows, kernel, next(known))
        return ops.reshape(result, (*ops.shape(x)[:-1], kernel.shape[-1]))
    result = ops.matmul(x, kernel)
    kept = _kept.get()
    if kept is not None:
        kept.append(ops.reshape(result, (-1, kernel.shape[-1])))
    return result


@contextlib.contextmanager
def keeping() -> Iterator[list[Tensor]]:
    """Within it each product, as `(rows, size)`, is added to the list that it gives."""
    token = _kept.set([])
    try:
        yield _kept.get()
    finally:
        _kept.reset(token)


@contextlib.contextmanager
def knowing(products: Sequence[Tensor]) -> Iterator[None]:
    """Within it the products, in the same order, are those given, and differentiable."""
    token = _known.set(iter(products))
    try:
        yield
    finally:
        _known.reset(token)


@ops.custom_gradient
def _as_known(rows, kernel, result):
    def gradient(*upstream, **_):
        d = upstream[0]
        d_rows = ops.matmul(d, ops.transpose(kernel))
        return d_rows, ops.matmul(ops.transpose(rows), d), ops.zeros_like(result)

    return result, gradient
