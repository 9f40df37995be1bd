"""The recurrence of an attention decoder by the compiled kernel, forth and back."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from keras import ops

from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.equations import GRU, LSTM, Equations, Tensor
from rnnapps.layers.kernels.native import library
from rnnapps.layers.kernels.native.layer import backend, threads


class Inputs(NamedTuple):
    """The kernel's inputs, in its order, but for the mask of the memory, which has no derivative.

    A GRU has an empty `c`, `(0, 0)`; multiplicative scores have empty arrays of the query's weights
    `(0, 0)`, their bias `(0,)` and the vector of the scores `(0,)`, and `space` is `units`.
    """

    x: Tensor
    """the inputs' products with their weights, `(batch, time, G * units)`"""
    feeding: Tensor
    """weights of the vector before, `(vector, G * units)`"""
    recurrent: Tensor
    """`(units, G * units)`"""
    bias: Tensor
    """`(G * units,)`"""
    recurrent_bias: Tensor
    """`(G * units,)`"""
    h: Tensor
    """the first state, `(batch, units)`"""
    c: Tensor
    """the first state, `(batch, units)`"""
    memory: Tensor
    """`(batch, source, size)`"""
    keys: Tensor
    """the memory's projection, `(batch, source, space)`"""
    query: Tensor
    """`(units, space)`"""
    query_bias: Tensor
    """`(space,)`"""
    scale: Tensor
    """`(space,)`"""
    combine: Tensor
    """weights of state and mean, `(units + size, vector)`"""


def run(
    equations: Equations, additive: bool, inputs: Inputs, mask: Tensor, training: bool
) -> tuple[Tensor, Tensor]:
    """Run an LSTM or GRU with attention and input feeding over all steps, in float32.

    Args:
        equations: those of the cell.
        additive: whether the scores are additive, else multiplicative.
        inputs: the arrays.
        mask: of the memory, bool `(batch, source)`.
        training: whether the gradient will be asked for: what it needs is kept, else computed again.

    Returns:
        The vectors `(batch, time, vector)` and the alignments `(batch, time, source)`.
    """
    function = _differentiable(equations, additive, bool(training))
    return function(tuple(ops.cast(one, "float32") for one in inputs), (mask,))


@functools.cache
def _differentiable(equations: Equations, additive: bool, training: bool) -> Callable:
    lstm, kind = equations is LSTM, (LSTM, GRU).index(equations)

    def called(gradient, keep, inputs, mask, more, shapes):
        """The kernel's outputs, of shapes that are made of the sizes of its inputs."""
        # Sizes that only the running program knows are None.
        batch, time = inputs.x.shape[:2]
        (_, source, space), (units, _) = inputs.keys.shape, inputs.recurrent.shape
        size, vector = inputs.memory.shape[-1], inputs.combine.shape[-1]
        sizes = shapes(batch, time, source, size, units, space, vector)
        # Kind, tanh, sigmoid, forwards, all steps, ..., in float32.
        options = (kind, 0, 1, 0, 1, int(keep), 0, threads(), 1 if additive else 2)
        return backend().call(gradient, options, (inputs.x, mask, *inputs[1:], *more), sizes)

    def forth(keep, operands, constants):
        def shapes(batch, time, source, size, units, space, vector):
            steps = time if keep else 0
            saved = backend().loaded(library.library()).rnnapps_saved(kind, units)
            kept = (batch, steps, units), (batch, steps, saved)
            kept = *kept, (batch, steps if additive else 0, space), (batch, steps, size)
            return (batch, time, vector), (batch, time, source), *kept

        results = called(False, keep, Inputs(*operands), *constants, (), shapes)
        return results[:2], results if keep else ()

    def back(operands, constants, kept, upstream):
        def shapes(batch, time, source, size, units, space, vector):
            of_cell = (batch, time, equations.gates * units), (batch, 0 if lstm else time, units)
            of_states = (batch, units), (batch, units) if lstm else (0, 0)
            of_attention = (batch, time, size), (batch, source, space)
            of_scores = (batch, time if additive else 0, space), (batch, space) if additive else (0, 0)
            return *of_cell, *of_states, *of_attention, *of_scores, (batch, time, vector)

        inputs = Inputs(*operands)
        vectors, alignments, h, saved, queries, means = kept or forth(True, operands, constants)[1]
        upstream = (ops.cast(one, "float32") for one in upstream)
        more = (vectors, alignments, saved, queries, *upstream)
        results = called(True, True, inputs, *constants, more, shapes)
        dx, d_own, dh, dc, d_means, d_keys, d_queries, d_scale, d_combined = results
        # With respect to the recurrent products.
        dr = dx if lstm else ops.concatenate([dx[..., : 2 * h.shape[-1]], d_own], axis=-1)
        d_combine = [_products(h, d_combined), _products(means, d_combined)]
        nothing = map(ops.zeros_like, (inputs.query, inputs.query_bias, inputs.scale))
        d_query, d_query_bias, d_vector = nothing
        if additive:
            d_query, d_query_bias = _products(h, d_queries), ops.sum(d_queries, axis=(0, 1))
            d_keys, d_vector = d_keys * inputs.scale, ops.sum(d_scale, axis=0)
        return Inputs(
            x=dx,
            feeding=_products(_before(ops.zeros_like(vectors[:, 0]), vectors), dx),
            recurrent=_products(_before(inputs.h, h), dr),
            bias=ops.sum(dx, axis=(0, 1)),
            recurrent_bias=ops.sum(dr, axis=(0, 1)),
            h=dh,
            c=dc,
            memory=ops.matmul(ops.transpose(alignments, (0, 2, 1)), d_means),
            keys=d_keys,
            query=d_query,
            query_bias=d_query_bias,
            scale=d_vector,
            combine=ops.concatenate(d_combine, axis=0),
        )

    return with_derivative(functools.partial(forth, training), back)


def _before(first: Tensor, after: Tensor) -> Tensor:
    """What was before each step, of what was before the first and after each, `(batch, time, size)`."""
    return ops.concatenate([first[:, None], after[:, :-1]], axis=1)


def _products(left: Tensor, right: Tensor) -> Tensor:
    """The sum over batch and time of `left^T right`.

    As one product of matrices: one over three axes would be many small ones.
    """
    left, right = (ops.reshape(one, (-1, one.shape[-1])) for one in (left, right))
    return ops.matmul(ops.transpose(left), right)
