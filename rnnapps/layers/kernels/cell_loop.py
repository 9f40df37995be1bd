"""A recurrence of any cell, compiled by XLA, with little left for the loop.

Keras's loop lets automatic differentiation sum the gradients of the weights step by step. Here the loop
back in time carries the gradient of the states alone. What it meets at each step is kept, and after it
one pass over all steps at once, as if they were rows of one batch, gives the gradients of the weights,
the inputs and the context. For that a cell has to treat each row by itself. Those of its products with
weights that it has by `product` are kept on the way forth and not computed again.
"""

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops, tree

from rnnapps.layers.kernels.choice import check_kernel
from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.equations import States, Tensor
from rnnapps.layers.kernels.exporting import exporting
from rnnapps.layers.kernels.loops import (
    at,
    compiled,
    filled,
    put,
    scan,
    shaped,
    surplus,
    uncompiled,
    where,
)
from rnnapps.layers.kernels.products import keeping, knowing
from rnnapps.layers.kernels.zoneout import blend

Nested = Any  # tuples of tensors

Step = Callable[[States, States, Nested], States]
"""`step(inputs, states, context) -> states`, with `inputs` and states `(rows, ...)`.

The context is whatever all steps of a sequence share, `(batch, ...)`, floating; `rows // batch` rows
that stand side by side belong to the same one.
"""


def cell_loop(step: Step, variables: Sequence[keras.Variable], kernel: str = "auto") -> Callable:
    """The recurrence of a step as a differentiable function, compiled once for each set of shapes.

    It is `run(inputs, states, context=(), mask=None, zones=(), reverse=False, values=None)` and takes
    the inputs, a tuple of `(time, batch, features)`; the initial states, each `(batch, units)`; the
    context; the mask `(time, batch, 1)`, 1 at the real steps, or None; the zones of zoneout; and, if the
    step shall not see the variables as they are, their values. It returns for each state the one before
    and after each step, in order of time, `(time + 1, batch, units)`. A masked step leaves the states as
    they are. There is no second derivative but with kernel "keras".

    Args:
        step: one time step.
        variables: the variables that it reads.
        kernel: "auto", or "keras" for a loop that is not compiled.
    """
    check_kernel(kernel)
    scanned = _scanned(step, variables)
    if kernel == "keras" or keras.backend.backend() == "torch":
        return uncompiled(scanned)

    def apply(values, inputs, states, context):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return tuple(step(inputs, states, context))

    programs = {
        reverse: (compiled(_forward(apply, reverse)), compiled(_backward(apply, reverse)))
        for reverse in (False, True)
    }

    def run(inputs, states, context=(), mask=None, zones=(), reverse=False, values=None):
        if exporting():
            return scanned(inputs, states, context, mask, zones, reverse, values)
        values = tuple(variable.value for variable in variables) if values is None else tuple(values)
        masks = () if mask is None else (mask,)
        arguments = (values, tuple(inputs), tuple(states), tuple(context))
        forward, backward = programs[bool(reverse)]

        time, batch = ops.shape(arguments[1][0])[:2]

        def forth(flat, constants):
            values, inputs, states, context = tree.pack_sequence_as(arguments, flat)
            more, real = surplus(time, batch)
            inputs, constants = filled((inputs, constants), more)
            sequences, products = forward(values, inputs, states, context, *constants, real)
            sequences = tuple(one[: time + 1] for one in sequences)
            return sequences, (sequences, tuple(one[:time] for one in products))

        def back(flat, constants, kept, upstream):
            values, inputs, _, context = tree.pack_sequence_as(arguments, flat)
            # Not of many rows: one pass is over all steps of the program.
            more, real = surplus(time, batch, many=False)
            inputs, constants, kept = filled((inputs, constants, kept), more)
            d_sequences = filled(tuple(upstream), more)
            wanted = backward(values, inputs, *kept, context, *constants, d_sequences, real)
            wanted = (wanted[0], tuple(one[:time] for one in wanted[1]), *wanted[2:])
            return tuple(tree.flatten(wanted))

        flat = [ops.convert_to_tensor(part) for part in tree.flatten(arguments)]
        sequences = with_derivative(forth, back)(flat, (tuple(zones), masks))
        return tuple(
            shaped(all_, time + 1, *ops.shape(one)) for all_, one in zip(sequences, states, strict=True)
        )

    return run


def _forward(apply, reverse):
    def forward(values, inputs, states, context, zones, masks, real):
        time = ops.shape(inputs[0])[0]
        steps = time if real is None else real

        def advance(t, states):
            with keeping() as kept:
                new = apply(values, tuple(at(one, t) for one in inputs), states, context)
            return new, tuple(kept)

        def body(number, states, sequences, products):
            t = steps - 1 - number if reverse else number
            new, kept = advance(t, states)
            new = blend(tuple(at(zone, t) for zone in zones), new, states)
            for mask in masks:
                new = where(at(mask, t), new, states)
            after = t if reverse else t + 1
            sequences = tuple(put(*one) for one in _each(sequences, after, new))
            return number + 1, new, sequences, tuple(put(*one) for one in _each(products, t, kept))

        # The initial states stand where no step writes.
        sequences = tuple(ops.broadcast_to(one[None], (time + 1, *ops.shape(one))) for one in states)
        # For the shapes alone: nothing uses the values, and the compiler leaves them out.
        _, kept = advance(0, states)
        products = tuple(ops.zeros((time, *ops.shape(one)), dtype=one.dtype) for one in kept)
        loop = (ops.zeros((), "int32"), states, sequences, products)
        return ops.while_loop(lambda number, *_: number < steps, body, loop)[2:]

    return forward


def _backward(apply, reverse):
    def backward(values, inputs, sequences, products, context, zones, masks, d_sequences, real):
        time = ops.shape(inputs[0])[0]
        steps = time if real is None else real

        def body(number, d_states, met):
            t = number if reverse else steps - 1 - number
            before, after = (t + 1, t) if reverse else (t, t + 1)
            d_states = tuple(d + at(all_, after) for d, all_ in zip(d_states, d_sequences, strict=True))
            shares = tuple(at(zone, t) for zone in zones)
            d_new = tuple(z * d for z, d in zip(shares, d_states, strict=True)) if zones else d_states
            for mask in masks:
                d_new = where(at(mask, t), d_new, tuple(map(ops.zeros_like, d_new)))
            inputs_, previous, known = (
                tuple(at(one, step) for one in all_)
                for all_, step in ((inputs, t), (sequences, before), (products, t))
            )
            with knowing(known):
                through = _pull_back(
                    lambda states: apply(values, inputs_, states, context), (previous,), d_new
                )[0]
            # What did not come from the step came from the state before.
            d_previous = tuple(a + b - c for a, b, c in zip(through, d_states, d_new, strict=True))
            return number + 1, d_previous, tuple(put(*pair) for pair in _each(met, t, d_new))

        nothing = tuple(ops.zeros_like(all_[0]) for all_ in sequences)
        met = tuple(ops.zeros_like(all_[1:]) for all_ in sequences)
        loop = (ops.zeros((), "int32"), nothing, met)
        _, d_states, met = ops.while_loop(lambda number, *_: number < steps, body, loop)
        initial = steps if reverse else 0
        d_states = tuple(d + at(all_, initial) for d, all_ in zip(d_states, d_sequences, strict=True))
        # All steps as rows of one batch, those of a sequence side by side.
        previous = tuple(all_[1:] if reverse else all_[:-1] for all_ in sequences)
        inputs, previous, known, met = tree.map_structure(_rows, (inputs, previous, products, met))
        with knowing(known):
            d_values, d_inputs, d_context = _pull_back(
                lambda values, inputs, context: apply(values, inputs, previous, context),
                (values, inputs, context),
                met,
            )
        d_inputs = tuple(_steps(d, time) for d in d_inputs)
        return d_values, d_inputs, d_states, d_context

    return backward


def _each(sequences, step, states):
    return [(all_, step, one) for all_, one in zip(sequences, states, strict=True)]


def _rows(array: Tensor) -> Tensor:
    """`(time, batch, size)` as `(batch * time, size)`."""
    return ops.reshape(ops.transpose(array, (1, 0, 2)), (-1, array.shape[-1]))


def _steps(array: Tensor, time: Tensor) -> Tensor:
    """The inverse of `_rows`."""
    return ops.transpose(ops.reshape(array, (-1, time, array.shape[-1])), (1, 0, 2))


def _pull_back(
    function: Callable, arguments: tuple[Nested, ...], upstream: States
) -> tuple[Nested, ...]:
    """The gradients of `sum(upstream * function(*arguments))` with respect to the arguments."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.vjp(function, *arguments)[1](upstream)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(arguments)
        results = function(*arguments)
    return tape.gradient(results, arguments, upstream, unconnected_gradients="zero")


def _scanned(step: Step, variables: Sequence[keras.Variable]) -> Callable:
    """The recurrence for the library to differentiate, any number of times; nothing is compiled."""

    def run(inputs, states, context=(), mask=None, zones=(), reverse=False, values=None):
        # A scope of its own would hide the values of one around it, such as that of a training on JAX.
        scope = contextlib.nullcontext
        if values is not None:
            mapping = list(zip(variables, values, strict=True))
            scope = functools.partial(keras.StatelessScope, state_mapping=mapping)

        def advance(states, t):
            with scope():
                new = step(tuple(at(one, t) for one in inputs), states, context)
            new = blend(tuple(at(zone, t) for zone in zones), new, states)
            new = new if mask is None else where(at(mask, t), new, states)
            return new, new

        states = tuple(states)
        _, after = scan(advance, states, ops.shape(inputs[0])[0], reverse)
        pairs = [(one[None], all_) for one, all_ in zip(states, after, strict=True)]
        return tuple(ops.concatenate(pair[::-1] if reverse else pair, axis=0) for pair in pairs)

    return run
