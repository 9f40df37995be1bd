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

from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.equations import Equations, States, Tensor
from rnnapps.layers.kernels.loops import at, compiled, filled, put, scan, shaped, surplus, where
from rnnapps.layers.kernels.weights import Weights
from rnnapps.layers.kernels.zoneout import blend


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
    zones: States = (),
    scanned: bool = False,
) -> tuple[Tensor | None, States]:
    """Run a layer; see `rnnapps.layers.kernels.recurrence.run_layer` for the shapes.

    Products are in the dtype of the weights, everything else in float32 if that is of half precision.
    `zones` are those of `rnnapps.layers.kernels.zoneout`. With `scanned` nothing is compiled, and there
    are second derivatives, as always on PyTorch.
    """
    double = keras.backend.standardize_dtype(states[0].dtype) == "float64"
    precision = "float64" if double else "float32"
    scanned = scanned or keras.backend.backend() == "torch"
    order = None if mask is None or scanned else _longest_first(mask)
    if order is not None:
        inverse = ops.argsort(order)
        sequences, *states = (_permuted(part, order, inverse) for part in (sequences, *states))
        mask = ops.take(mask, order, axis=0)
    if mask is not None:
        mask = ops.cast(ops.transpose(mask)[:, :, None], precision)
    batch, time = ops.shape(sequences)[:2]
    # A product of matrices: TensorFlow's gradient of one over three axes is many small products.
    flat = ops.reshape(ops.transpose(sequences, (1, 0, 2)), (-1, sequences.shape[-1]))
    x = ops.cast(ops.matmul(flat, weights.input), precision)
    x = ops.reshape(x, (time, batch, x.shape[-1]))
    biases = tuple(ops.cast(bias, precision) for bias in (weights.input_bias, weights.recurrent_bias))
    states = tuple(ops.cast(state, precision) for state in states)
    zones = tuple(ops.cast(zone, precision) for zone in zones)
    if sequences.shape[1] == 1:  # of a stream: nothing to repeat
        r = ops.cast(ops.matmul(ops.cast(states[0], flat.dtype), weights.recurrent), precision)
        _, last = equations.forward(x[0] + biases[0], r + biases[1], states, *activations)
        last = blend(tuple(zone[0] for zone in zones), last, states)
        if mask is not None:
            last = where(mask[0], last, states)
        outputs = last[0][:, None]
    else:
        loop = _scanned if scanned else recurrence
        loop = loop(equations, *activations, reverse, all_steps)
        recurrent = ops.copy(weights.recurrent)  # TensorFlow treats a variable unlike a tensor
        more, real = (None, None) if scanned else surplus(time, batch)
        x, zones = filled((x, zones), more)
        mask = None if mask is None else filled(mask, more)
        outputs, last = loop(x, recurrent, *biases, states, mask, training, zones, real)
        outputs = outputs[:time] if all_steps else None
        units = recurrent.shape[0]
        last = tuple(shaped(state, batch, units) for state in last)
        outputs = shaped(ops.transpose(outputs, (1, 0, 2)), batch, time, units) if all_steps else None
    if order is not None:
        last = tuple(_permuted(state, inverse, order) for state in last)
        outputs = None if outputs is None else _permuted(outputs, inverse, order)
    return outputs, last


def _longest_first(mask: Tensor) -> Tensor:
    """The rows in an order in which those that still need a step come before those that do not."""
    steps = ops.arange(1, ops.shape(mask)[1] + 1, dtype="int32")
    return ops.argsort(-ops.max(ops.where(mask, steps, 0), axis=1))


def _permuted(array: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    """The rows in another order. The gradient goes the way back, where that of `take` sums over rows."""
    return _permutation()((array,), (order, inverse))[0]


@functools.cache
def _permutation() -> Callable:
    def forward(operands, orders):
        return (ops.take(operands[0], orders[0], axis=0),), ()

    def backward(operands, orders, kept, upstream):
        return (ops.take(upstream[0], orders[1], axis=0),)

    return with_derivative(forward, backward)


@functools.cache
def recurrence(
    equations: Equations, activation: Callable, gate: Callable, reverse: bool, all_steps: bool
) -> Callable:
    """The recurrence as a differentiable function.

    It is `run(x, weights, input_bias, recurrent_bias, states, mask, training, zones, time)`; `x` is
    `(time, batch, gates * units)`, the recurrent weights `(units, gates * units)` in the dtype of the
    products, both biases `(gates * units,)`, the initial states `(batch, units)`, the mask
    `(time, batch, 1)`, 1 at the real steps (all in the dtype of `x`) or None, with the rows that need
    most steps first; whether its gradient will be asked for: what that needs is kept, else computed
    again; the zones of zoneout; and, as a tensor, how many of the steps there are, or None for all. It
    returns the outputs `(time, batch, units)` in order of time, they repeat the state at masked steps
    (None without `all_steps`), and the last states.
    """
    forward = compiled(
        functools.partial(_forward, equations, activation, gate, reverse, all_steps), static=6
    )
    backward = compiled(functools.partial(_backward, equations, activation, gate, reverse))

    def forth(training, operands, constants):
        x, weights, input_bias, recurrent_bias, *states = operands
        zones, mask, time = constants
        sequences, saved, last = forward(
            x, weights, input_bias, recurrent_bias, tuple(states), mask, training, zones, time
        )
        kept = (sequences, saved) if training else ()
        if not all_steps:
            return last, kept
        return (sequences[0][:-1] if reverse else sequences[0][1:], *last), kept

    def back(operands, constants, kept, upstream):
        x, weights, *biases = operands[:4]
        zones, mask, time = constants
        d_outputs, d_last = (upstream[0], upstream[1:]) if all_steps else (None, upstream)
        sequences, saved = (
            kept or forward(x, weights, *biases, operands[4:], mask, True, zones, time)[:2]
        )
        (dx, *dr), d_states = backward(weights, sequences, saved, mask, d_outputs, d_last, zones, time)
        dr = dr[0] if dr else dx
        # One product over all steps: (units, time * batch) (time * batch, gates * units).
        before = sequences[0][1:] if reverse else sequences[0][:-1]
        before, of_x, of_r = (part if time is None else part[:time] for part in (before, dx, dr))
        rows, deltas = (
            ops.cast(ops.reshape(part, (-1, part.shape[-1])), weights.dtype) for part in (before, of_r)
        )
        d_weights = ops.matmul(ops.transpose(rows), deltas)
        d_biases = (ops.sum(part, axis=(0, 1)) for part in (of_x, of_r))
        return dx, d_weights, *d_biases, *d_states

    functions = {
        training: with_derivative(functools.partial(forth, training), back) for training in (False, True)
    }

    def run(x, weights, input_bias, recurrent_bias, states, mask, training, zones, time):
        operands = (x, weights, input_bias, recurrent_bias, *states)
        results = functions[bool(training)](operands, (tuple(zones), mask, time))
        return (results[0], results[1:]) if all_steps else (None, results)

    return run


def _scanned(
    equations: Equations, activation: Callable, gate: Callable, reverse: bool, all_steps: bool
) -> Callable:
    """The recurrence as `recurrence` has it, for the library to differentiate; nothing is compiled."""

    def run(x, weights, input_bias, recurrent_bias, states, mask, training, zones, time):
        def advance(states, step):
            r = _product(states[0], weights, None) + recurrent_bias
            _, new = equations.forward(at(x, step) + input_bias, r, states, activation, gate)
            new = blend(tuple(at(zone, step) for zone in zones), new, states)
            new = new if mask is None else where(at(mask, step), new, states)
            return new, new

        last, sequences = scan(advance, tuple(states), ops.shape(x)[0], reverse)
        return (sequences[0] if all_steps else None), last

    return run


def _steps(mask: Tensor | None, real: Tensor | None, time: int) -> Tensor | int:
    """The number of steps up to the last that is real in any row: of `real` ones, or of all `time`."""
    if mask is None:
        return time if real is None else real
    numbers = ops.cast(ops.arange(1, time + 1), "int32")
    needed = ops.any(mask > 0, axis=(1, 2))
    return ops.max(ops.where(needed, numbers, 0))


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
    zones,
    real,
):
    time, batch, _ = ops.shape(x)
    units = weights.shape[0]
    steps, quarters = _steps(mask, real, time), _quarters(mask, units, time, batch)

    def body(number, states, sequences, saved):
        step = steps - 1 - number if reverse else number
        r = _product(states[0], weights, quarters(step)) + recurrent_bias
        kept, new = equations.forward(at(x, step) + input_bias, r, states, activation, gate)
        if zones:
            kept = ops.concatenate([kept, *new], axis=-1)
            new = blend(tuple(at(zone, step) for zone in zones), new, states)
        if mask is not None:
            new = where(at(mask, step), new, states)
        after = step if reverse else step + 1
        sequences = tuple(put(all_, after, one) for all_, one in zip(sequences, new, strict=False))
        return number + 1, new, sequences, put(saved, step if keep else 0 * step, kept)

    # The states before and after each step, time + 1 of them. The derivative needs them all, the output
    # is the first.
    states = tuple(states)
    wanted = states if keep else states[:1] if all_steps else ()
    sequences = tuple(ops.broadcast_to(one[None], (time + 1, batch, units)) for one in wanted)
    # Without `keep` that of one step: XLA's code is slower where it need not write the gates at all.
    width = (equations.saved + len(zones)) * units
    saved = ops.zeros((time if keep else 1, batch, width), dtype=x.dtype)
    loop = (ops.zeros((), "int32"), states, sequences, saved)
    _, last, sequences, saved = ops.while_loop(lambda number, *_: number < steps, body, loop)
    if not keep and width:  # used, so that XLA writes it in a model that it compiles whole
        nothing = 0 * saved[0, :, :units]
        last = (last[0] + ops.where(ops.isfinite(nothing), nothing, 0), *last[1:])
    if mask is not None and not reverse:
        beyond = ops.reshape(ops.arange(time + 1, dtype="int32") > steps, (-1, 1, 1))
        sequences = tuple(
            ops.where(beyond, one, all_) for all_, one in zip(sequences, last, strict=False)
        )
    return sequences, saved, last


def _before_zoneout(kept: Tensor, states: int, units: int) -> tuple[Tensor, States]:
    """What a step keeps without zoneout, and its new states, from what it keeps with it."""
    width = kept.shape[-1] - states * units
    return kept[:, :width], tuple(ops.split(kept[:, width:], states, axis=-1))


def _backward(
    equations,
    activation,
    gate,
    reverse,
    weights,
    sequences,
    saved,
    mask,
    d_outputs,
    d_last,
    zones,
    real,
):
    time, batch, _ = ops.shape(saved)
    units = weights.shape[0]
    steps, quarters = _steps(mask, real, time), _quarters(mask, units, time, batch)
    weights = ops.transpose(weights)

    def body(number, d_states, deltas):
        step = number if reverse else steps - 1 - number
        if d_outputs is not None:
            d_states = (d_states[0] + at(d_outputs, step), *d_states[1:])
        kept = at(saved, step)
        around = (step + 1, step) if reverse else (step, step + 1)
        previous, new = (tuple(at(all_, number) for all_ in sequences) for number in around)
        d_new = d_states
        if zones:  # what zoneout let through came from the step, the rest from the state before
            kept, new = _before_zoneout(kept, len(zones), units)
            shares = tuple(at(zone, step) for zone in zones)
            d_new = tuple(zone * d for zone, d in zip(shares, d_states, strict=True))
        dx, d_previous = equations.backward(kept, previous, new, d_new, activation, gate)
        now = (dx, equations.recurrent(dx, kept)) if equations.recurrent else (dx,)
        d_previous = (d_previous[0] + _product(now[-1], weights, quarters(step)), *d_previous[1:])
        if zones:
            d_previous = tuple(
                before + d - through
                for before, d, through in zip(d_previous, d_states, d_new, strict=True)
            )
        if mask is not None:
            real = at(mask, step)
            now = where(real, now, tuple(map(ops.zeros_like, now)))
            d_previous = where(real, d_previous, d_states)
        deltas = tuple(put(all_, step, one) for all_, one in zip(deltas, now, strict=True))
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
