"""A recurrence with backpropagation through time derived by hand, compiled by XLA.

Keras's loop multiplies input and state at every step, and lets automatic differentiation sum the
gradients of the weights step by step. Here the input's product is one product over all steps, before
the loop; the loop keeps the products of the state alone; and the gradient of the recurrent weights is
one product over all steps, after it. The loop ends with the last step that any row needs.
"""

import functools
from collections.abc import Callable

import keras
from keras import ops

from rnnapps.layers.kernels.equations import Equations, States, Tensor
from rnnapps.layers.kernels.weights import Weights


def run(
    equations: Equations,
    activations: tuple[Callable, Callable],
    sequences: Tensor,
    mask: Tensor | None,
    reverse: bool,
    states: States,
    weights: Weights,
    all_steps: bool,
    training: bool,
) -> tuple[Tensor | None, States]:
    """Run a layer; see `rnnapps.layers.kernels.recurrence.run_layer` for the shapes.

    Products are in the dtype of the weights, everything else in float32 if that is of half precision.
    """
    precision = "float64" if states[0].dtype == "float64" else "float32"
    if mask is not None:
        order = _longest_first(mask)
        inverse = ops.argsort(order)
        sequences, *states = (_permuted(part, order, inverse) for part in (sequences, *states))
        mask = ops.cast(ops.transpose(ops.take(mask, order, axis=0))[:, :, None], precision)
    batch, time = ops.shape(sequences)[:2]
    # A product of matrices: TensorFlow's gradient of one over three axes is many small products.
    flat = ops.reshape(ops.transpose(sequences, (1, 0, 2)), (-1, sequences.shape[-1]))
    x = ops.cast(ops.matmul(flat, weights.input), precision)
    x = ops.reshape(x, (time, batch, x.shape[-1]))
    biases = tuple(ops.cast(bias, precision) for bias in (weights.input_bias, weights.recurrent_bias))
    states = tuple(ops.cast(state, precision) for state in states)
    if sequences.shape[1] == 1:  # of a stream: nothing to repeat
        r = ops.cast(ops.matmul(ops.cast(states[0], flat.dtype), weights.recurrent), precision)
        _, last = equations.forward(x[0] + biases[0], r + biases[1], states, *activations)
        if mask is not None:
            last = _where(mask[0], last, states)
        outputs = last[0][:, None]
    else:
        recurrent = ops.copy(weights.recurrent)  # TensorFlow treats a variable unlike a tensor
        loop = recurrence(equations, *activations, reverse, all_steps)
        outputs, last = loop(x, recurrent, *biases, states, mask, training)
        outputs = ops.transpose(outputs, (1, 0, 2)) if all_steps else None
    if mask is not None:
        last = tuple(_permuted(state, inverse, order) for state in last)
        outputs = None if outputs is None else _permuted(outputs, inverse, order)
    return outputs, last


def _longest_first(mask: Tensor) -> Tensor:
    """The rows in an order in which those that still need a step come before those that do not."""
    steps = ops.arange(1, ops.shape(mask)[1] + 1, dtype="int32")
    return ops.argsort(-ops.max(ops.where(mask, steps, 0), axis=1))


def _permuted(array: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    """The rows in another order. The gradient goes the way back, where that of `take` sums over rows."""

    def function(array):
        def gradient(*upstream, **_):
            return ops.take(upstream[0], inverse, axis=0)

        return ops.take(ops.stop_gradient(array), order, axis=0), gradient

    return ops.custom_gradient(function)(array)


@functools.cache
def recurrence(
    equations: Equations, activation: Callable, gate: Callable, reverse: bool, all_steps: bool
) -> Callable:
    """The recurrence as a differentiable function.

    It is `run(x, weights, input_bias, recurrent_bias, states, mask, training)` and takes `x`
    `(time, batch, gates * units)`, the recurrent weights `(units, gates * units)` in the dtype of the
    products, both biases `(gates * units,)`, the initial states `(batch, units)`, the mask
    `(time, batch, 1)`, 1 at the real steps (all in the dtype of `x`) or None, with the rows that need
    most steps first; and whether its gradient will be asked for: what that needs is kept, else computed
    again. It returns the outputs `(time, batch, units)` in order of time, which repeat the state at
    masked steps (None without `all_steps`), and the last states.
    """
    forward = compiled(
        functools.partial(_forward, equations, activation, gate, reverse, all_steps), static=6
    )
    backward = compiled(functools.partial(_backward, equations, activation, gate, reverse))

    def run(x, weights, input_bias, recurrent_bias, states, mask, training):
        def function(*operands):
            # Else TensorFlow's tape, in eager execution, would look for the gradient of the loop itself.
            x, weights, *rest = map(ops.stop_gradient, operands)
            biases, states, masks = rest[:2], rest[2 : 2 + count], rest[2 + count :]
            mask = masks[0] if masks else None

            def gradient(*upstream, **_):
                # On JAX these are one tuple, on TensorFlow an argument each.
                upstream = upstream[0] if isinstance(upstream[0], (list, tuple)) else upstream
                d_outputs, d_last = (upstream[0], upstream[1:]) if all_steps else (None, upstream)
                sequences, saved = (
                    kept if training else forward(x, weights, *biases, states, mask, True)[:2]
                )
                (dx, *dr), d_states = backward(weights, sequences, saved, mask, d_outputs, d_last)
                dr = dr[0] if dr else dx
                # One product over all steps: (units, time * batch) (time * batch, gates * units).
                before = sequences[0][1:] if reverse else sequences[0][:-1]
                rows, deltas = (
                    ops.cast(ops.reshape(part, (-1, part.shape[-1])), weights.dtype)
                    for part in (before, dr)
                )
                d_weights = ops.matmul(ops.transpose(rows), deltas)
                d_biases = (ops.sum(part, axis=(0, 1)) for part in (dx, dr))
                d_masks = map(ops.zeros_like, masks)
                return dx, d_weights, *d_biases, *d_states, *d_masks

            sequences, saved, last = forward(x, weights, *biases, states, mask, training)
            kept = sequences, saved
            if not all_steps:
                return last, gradient
            return (sequences[0][:-1] if reverse else sequences[0][1:], *last), gradient

        count = len(states)
        masks = () if mask is None else (mask,)
        results = ops.custom_gradient(function)(x, weights, input_bias, recurrent_bias, *states, *masks)
        return (results[0], results[1:]) if all_steps else (None, results)

    return run


def compiled(function: Callable, static: int | None = None) -> Callable:
    """The function compiled by XLA: once for each set of shapes, and each value of argument `static`."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function, static_argnums=() if static is None else (static,))
    import tensorflow as tf

    return tf.function(function, autograph=False, jit_compile=True)


def _steps(mask: Tensor | None, time: int) -> Tensor | int:
    """The number of steps up to the last that is real in any row."""
    if mask is None:
        return time
    numbers = ops.cast(ops.arange(1, time + 1), "int32")
    needed = ops.any(mask > 0, axis=(1, 2))
    return ops.max(ops.where(needed, numbers, 0))


def _at(array: Tensor, step: Tensor) -> Tensor:
    """Element `step` along the first axis."""
    # Not by indexing or slicing: TensorFlow would have XLA compile anew for each mask that comes.
    return ops.take(array, step, axis=0)


def _put(array: Tensor, step: Tensor, value: Tensor) -> Tensor:
    """The array with another element `step` along the first axis."""
    zero = ops.zeros((), "int32")
    return ops.slice_update(array, (step, zero, zero), value[None])


def _where(real: Tensor, new: States, old: States) -> States:
    return tuple(ops.where(real > 0, *pair) for pair in zip(new, old, strict=True))


def _product(h: Tensor, weights: Tensor, quarters: Tensor | None) -> Tensor:
    """The product in the dtype of the weights: of the first quarters of the rows; zeros for the rest."""

    def product(h, weights):
        return ops.cast(ops.matmul(ops.cast(h, weights.dtype), weights), h.dtype)

    if quarters is None:
        return product(h, weights)
    batch = ops.shape(h)[0]

    def of(number):
        rows = (batch * number + 3) // 4
        return lambda h, weights: ops.pad(product(h[:rows], weights), ((0, batch - rows), (0, 0)))

    return ops.switch(quarters - 1, [of(number) for number in (1, 2, 3, 4)], h, weights)


def _quarters(mask: Tensor | None, units: int, time: int, batch: int) -> Callable:
    """A function of a step: how many quarters of the batch hold the rows that need it or a later one.

    None where that is not worth the time to compile four products: for few units.
    """
    if mask is None or units < 128:
        return lambda step: None
    number = ops.arange(1, time + 1, dtype="int32")
    lengths = ops.max(ops.where(mask[:, :, 0] > 0, number[:, None], 0), axis=0)
    rows = ops.sum(ops.cast(lengths >= number[:, None], "int32"), axis=1)
    quarters = ops.maximum((rows * 4 + batch - 1) // batch, 1)
    return lambda step: ops.take(quarters, step)


def _forward(
    equations,
    activation,
    gate,
    reverse,
    all_steps,
    x,
    weights,
    input_bias,
    recurrent_bias,
    states,
    mask,
    keep,
):
    time, batch, _ = ops.shape(x)
    units = weights.shape[0]
    steps, quarters = _steps(mask, time), _quarters(mask, units, time, batch)

    def body(number, states, sequences, saved):
        step = steps - 1 - number if reverse else number
        r = _product(states[0], weights, quarters(step)) + recurrent_bias
        kept, new = equations.forward(_at(x, step) + input_bias, r, states, activation, gate)
        if mask is not None:
            new = _where(_at(mask, step), new, states)
        after = step if reverse else step + 1
        sequences = tuple(_put(all_, after, one) for all_, one in zip(sequences, new, strict=False))
        return number + 1, new, sequences, _put(saved, step if keep else 0 * step, kept)

    # The states before and after each step, time + 1 of them. The derivative needs them all, the output
    # is the first.
    states = tuple(states)
    wanted = states if keep else states[:1] if all_steps else ()
    sequences = tuple(ops.broadcast_to(one[None], (time + 1, batch, units)) for one in wanted)
    # Without `keep` that of one step: XLA's code is slower where it need not write the gates at all.
    saved = ops.zeros((time if keep else 1, batch, equations.saved * units), dtype=x.dtype)
    loop = (ops.zeros((), "int32"), states, sequences, saved)
    _, last, sequences, saved = ops.while_loop(lambda number, *_: number < steps, body, loop)
    if not keep and equations.saved:  # used, so that XLA writes it in a model that it compiles whole
        last = (last[0] + 0 * saved[0, :, :units], *last[1:])
    if mask is not None and not reverse:
        beyond = ops.reshape(ops.arange(time + 1, dtype="int32") > steps, (-1, 1, 1))
        sequences = tuple(
            ops.where(beyond, one, all_) for all_, one in zip(sequences, last, strict=False)
        )
    return sequences, saved, last


def _backward(equations, activation, gate, reverse, weights, sequences, saved, mask, d_outputs, d_last):
    time, batch, _ = ops.shape(saved)
    units = weights.shape[0]
    steps, quarters = _steps(mask, time), _quarters(mask, units, time, batch)
    weights = ops.transpose(weights)

    def body(number, d_states, deltas):
        step = number if reverse else steps - 1 - number
        if d_outputs is not None:
            d_states = (d_states[0] + _at(d_outputs, step), *d_states[1:])
        kept = _at(saved, step)
        at = (step + 1, step) if reverse else (step, step + 1)
        previous, new = (tuple(_at(all_, number) for all_ in sequences) for number in at)
        dx, d_previous = equations.backward(kept, previous, new, d_states, activation, gate)
        now = (dx, equations.recurrent(dx, kept)) if equations.recurrent else (dx,)
        d_previous = (d_previous[0] + _product(now[-1], weights, quarters(step)), *d_previous[1:])
        if mask is not None:
            real = _at(mask, step)
            now = _where(real, now, tuple(map(ops.zeros_like, now)))
            d_previous = _where(real, d_previous, d_states)
        deltas = tuple(_put(all_, step, one) for all_, one in zip(deltas, now, strict=True))
        return number + 1, d_previous, deltas

    d_states = tuple(d_last)
    beyond = 0
    if mask is not None and d_outputs is not None:  # the outputs beyond the last real step are one state
        number = ops.reshape(ops.arange(time, dtype="int32"), (-1, 1, 1))
        beyond = ops.sum(ops.where(number >= steps, d_outputs, 0), axis=0)
    if not reverse:
        d_states = (d_states[0] + beyond, *d_states[1:])
    zeros = ops.zeros((time, batch, equations.gates * units), dtype=saved.dtype)
    # With respect to `x`, and to `r` if that is another.
    loop = (ops.zeros((), "int32"), d_states, (zeros,) * (2 if equations.recurrent else 1))
    _, d_states, deltas = ops.while_loop(lambda number, *_: number < steps, body, loop)
    if reverse:
        d_states = (d_states[0] + beyond, *d_states[1:])
    return deltas, d_states
