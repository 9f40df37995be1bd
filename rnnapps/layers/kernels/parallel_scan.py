"""Recurrences whose gates do not see the state, trained on all time steps at once.

`h_t = (1 - z_t) h_{t-1} + z_t c_t`, with an update gate z and a candidate c that depend on the input
alone, is linear in the state. The products of all steps are one product, before the scan; the scan is
elementwise, and so is its gradient, a scan that runs the other way. As linear functions compose, chunks
of time can be scanned side by side (Blelloch 1990, "Prefix sums and their applications"; Martin and
Cundy 2018, "Parallelizing linear recurrent neural nets over sequence length").

Feng et al. 2024 scan logarithms, because they divide by products of `1 - z`, which come near to zero.
Here nothing is divided: a state may be zero or negative, and a rounding fades as the state does.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from rnnapps.layers.kernels.choice import Choice, check_kernel, gpu
from rnnapps.layers.kernels.derivative import with_derivative
from rnnapps.layers.kernels.equations import Tensor
from rnnapps.layers.kernels.exporting import check_length, exporting
from rnnapps.layers.kernels.loops import at, compiled, filled, put, shaped, surplus, uncompiled
from rnnapps.layers.kernels.loops import scan as run_steps
from rnnapps.layers.kernels.masks import without_masked
from rnnapps.layers.kernels.recurrence import as_keras_wants, carried

CHUNKS = 32


class _Gate(NamedTuple):
    """The update gate of a layer: `value(*products)` of that many `products` of the input.

    `slopes(*products)` are the derivatives of `log(z / (1 - z))` with respect to each product.
    """

    products: int
    value: Callable
    slopes: Callable


def _input_share(f: Tensor, i: Tensor) -> Tensor:
    """`sigmoid(i) / (sigmoid(f) + sigmoid(i))`, also where both are as good as zero."""
    m = ops.minimum(ops.minimum(f, i), 0)
    one, over_f, over_i = ops.exp(m), ops.exp(m - f), ops.exp(m - i)
    return (one + over_f) / (2 * one + over_f + over_i)


# Of minGRU and minLSTM (Feng et al. 2024), the latter with gates that are made to sum to one.
GATES = {
    "gru": _Gate(1, ops.sigmoid, lambda z: (1,)),
    "lstm": _Gate(2, _input_share, lambda f, i: (-ops.sigmoid(-f), ops.sigmoid(-i))),
}


def _update(gate: _Gate, products: tuple[Tensor, ...]) -> Tensor:
    """The gate of its products. The mask may come after them: a masked step updates nothing."""
    *products, mask = products if len(products) > gate.products else (*products, None)
    z = gate.value(*products)
    return z if mask is None else ops.where(mask > 0, z, 0)


def _positive(x: Tensor) -> Tensor:
    return ops.where(x >= 0, x + 0.5, ops.sigmoid(x))


def scan(
    gate: _Gate,
    products: tuple[Tensor, ...],
    candidate: Tensor,
    mask: Tensor | None,
    initial: Tensor,
    reverse: bool,
    kernel: str = "auto",
) -> Tensor:
    """The states after each step, `(time, batch, units)`, in order of time; differentiable.

    Args:
        products: the gate's, each `(time, batch, units)`, float32 or float64 as all the others.
        candidate: the candidate's, `(time, batch, units)`.
        mask: `(time, batch, 1)`, 1 at the real steps and 0 at the others, or None.
        initial: the state before the first step, `(batch, units)`.
        reverse: whether the last time step is processed first.
        kernel: "auto", or "keras" for a loop that the library differentiates, any number of times.
    """
    masks = () if mask is None else (mask,)
    if kernel == "keras" or exporting():

        def advance(states, number):
            z, c = (at(one, number) for one in (update, positive))
            h = states[0] + z * (c - states[0])
            return (h,), (h,)

        update, positive = _update(gate, (*products, *masks)), _positive(candidate)
        return run_steps(advance, (initial,), ops.shape(candidate)[0], reverse)[1][0]
    # On a CPU a step of a loop compiled by XLA takes a microsecond, and chunks double the arithmetic.
    chunks = CHUNKS if keras.backend.backend() == "torch" or gpu() else 1
    time, batch = ops.shape(candidate)[:2]
    more, steps = surplus(time, batch) if chunks == 1 else (None, None)
    candidate, products, masks = filled((candidate, tuple(products), masks), more)
    return _scan(gate, reverse, chunks)((candidate, initial, *products), (masks, steps))[0][:time]


@functools.cache
def _scan(gate: _Gate, reverse: bool, chunks: int) -> Callable:
    """The scan as a function of candidate, initial state and products, and the mask if there is one."""
    forward = functools.partial(_forward, gate, reverse, chunks)
    backward = functools.partial(_backward, gate, reverse, chunks)
    if keras.backend.backend() != "torch":
        forward, backward = compiled(forward), compiled(backward)

    def forth(operands, constants):
        (candidate, initial, *products), (masks, steps) = operands, constants
        states = forward(candidate, initial, (*products, *masks), steps)
        # PyTorch would never free what its own gradient holds.
        return (states,), (ops.stop_gradient(states),)

    def back(operands, constants, kept, upstream):
        (candidate, _, *products), (masks, steps) = operands, constants
        products = (*products, *masks)
        d_candidate, d_initial, d_products = backward(candidate, products, *kept, *upstream, steps)
        return d_candidate, d_initial, *d_products

    return with_derivative(forth, back)


def _forward(gate, reverse, chunks, candidate, initial, products, steps):
    def read(candidate, *products):
        return _update(gate, products), _positive(candidate)

    def step(h, z, c):
        h = h + z * (c - h)
        return h, h

    arrays = (candidate, *products)
    return _run(read, step, initial, arrays, reverse, chunks, reverse, steps)[1]


def _backward(gate, reverse, chunks, candidate, products, states, d_states, steps):
    def read(d_state, *products):
        return _update(gate, products), d_state

    def step(d_later, z, d_state):
        dh = d_later + d_state
        dc = z * dh
        return dh - dc, dc

    nothing = ops.zeros_like(states[0])
    arrays = (d_states, *products)
    d_initial, dc = _run(read, step, nothing, arrays, not reverse, chunks, reverse, steps)
    c = _positive(candidate)
    d_candidate = dc * ops.where(candidate >= 0, 1, c * (1 - c))
    # Of log(z / (1 - z)) it is dh z (1 - z) (c - h_{t-1}), and (1 - z) (c - h_{t-1}) is c - h_t.
    d_gate = dc * (c - states)
    return d_candidate, d_initial, [d_gate * slope for slope in gate.slopes(*products[: gate.products])]


def _run(read, step, initial, arrays, backwards, chunks, padded_first, steps):
    """Run a step, linear in the state with the factor `1 - z`, over the first axis of the arrays.

    `read` makes z and one more array of those of a step; `step(state, z, other)` returns the next state
    and an output. With chunks the arrays are padded, at steps that must be the last of the forward pass.
    With `steps` only so many of the first are run. Returns the last state and all outputs.
    """
    if keras.backend.backend() == "torch":  # nothing is compiled there: rather a few large operations
        arrays, read = read(*arrays), lambda *arrays: arrays
    if chunks == 1:
        return _loop(read, step, initial, arrays, backwards, steps)
    time, batch, units = ops.shape(arrays[0])
    length = (time + chunks - 1) // chunks
    surplus = length * chunks - time

    def cut(array):  # to (length, chunks, batch, units)
        array = ops.pad(array, ((surplus, 0) if padded_first else (0, surplus), (0, 0), (0, 0)))
        return ops.transpose(ops.reshape(array, (chunks, length, batch, array.shape[-1])), (1, 0, 2, 3))

    def summary(line, z, other):
        factor, constant = line
        line = factor - factor * z, step(constant, z, other)[0]
        return line, line

    def compose(state, factor, constant):
        state = factor * state + constant
        return state, state

    # Each chunk but the last as a linear function of the state before it; from these the state before
    # each chunk; then all chunks from there.
    arrays = [cut(array) for array in arrays]
    but_last = [array[:, 1:] if backwards else array[:, :-1] for array in arrays]
    zeros = ops.zeros_like(but_last[0][0])
    lines, _ = _loop(read, summary, (ops.ones_like(zeros), zeros), but_last, backwards)
    _, starts = _loop(lambda *line: line, compose, initial, lines, backwards)
    starts = ops.concatenate([starts, initial[None]] if backwards else [initial[None], starts], axis=0)
    ends, outputs = _loop(read, step, starts, arrays, backwards)
    outputs = ops.reshape(ops.transpose(outputs, (1, 0, 2, 3)), (length * chunks, batch, units))
    return ends[0 if backwards else -1], outputs[surplus:] if padded_first else outputs[:time]


def _loop(read, step, state, arrays, backwards, steps=None):
    def numbered(state, number):
        # TensorFlow's scan takes but one array of unknown length: the numbers of the steps.
        return step(state, *read(*[array[number] for array in arrays]))

    if steps is None:
        return ops.scan(numbered, state, ops.arange(ops.shape(arrays[0])[0]), reverse=backwards)

    def body(number, state, outputs):
        t = steps - 1 - number if backwards else number
        state, output = step(state, *read(*[at(array, t) for array in arrays]))
        return number + 1, state, put(outputs, t, output)

    loop = (ops.zeros((), "int32"), state, ops.zeros_like(arrays[0]))
    return ops.while_loop(lambda number, *_: number < steps, body, loop)[1:]


@keras.saving.register_keras_serializable(package="rnnapps", name="MinCell")
class _Cell(keras.layers.Layer):
    """One time step of minGRU or minLSTM, as `keras.layers.RNN` takes it.

    Inputs `(batch, features)` and a list of one state `(batch, units)` give the output `(batch, units)`
    and the same in a list.
    """

    def __init__(
        self,
        kind,
        units,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        if units <= 0:
            raise ValueError(f"units={units!r}: expected a positive integer")
        super().__init__(**kwargs)
        self.kind = kind
        self.gate = GATES[kind]
        self.units = self.state_size = self.output_size = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)

    def build(self, input_shape):
        width = (self.gate.products + 1) * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(width,),
                name="bias",
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def products(self, x: Tensor) -> list[Tensor]:
        """Those of the gate and, last, of the candidate: each `(rows, units)`, float32 or float64."""
        number = self.gate.products + 1
        # Each by itself: XLA is slow to write the gradient of one wide array in parts.
        products = [ops.matmul(x, part) for part in _parts(self.kernel, number)]
        if self.use_bias:
            biases = _parts(self.bias, number)
            products = [product + bias for product, bias in zip(products, biases, strict=True)]
        precision = "float64" if self.compute_dtype == "float64" else "float32"
        return [ops.cast(product, precision) for product in products]

    def call(self, inputs, states):
        *products, candidate = self.products(inputs)
        h = ops.cast(states[0], candidate.dtype)
        h = h + _update(self.gate, products) * (_positive(candidate) - h)
        h = ops.cast(h, self.compute_dtype)
        return h, [h]

    def arguments(self) -> dict[str, Any]:
        """Those that are not of every layer of Keras, as they are saved."""
        return {
            "units": self.units,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }

    def get_config(self):
        return super().get_config() | {"kind": self.kind} | self.arguments()


def _parts(weight: keras.Variable, number: int) -> list[Tensor]:
    return ops.split(ops.convert_to_tensor(weight), number, axis=-1)


class ParallelRecurrence(keras.layers.RNN):
    """What MinGRU and MinLSTM share: all but the gate, which a class of it names by `kind`."""

    kind: str

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        kernel: str = "auto",
        **kwargs: Any,
    ):
        check_kernel(kernel)
        cell = _Cell(
            self.kind,
            units,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            kernel_constraint,
            bias_constraint,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name=f"min_{self.kind}_cell",
        )
        super().__init__(cell, **kwargs)
        self.units = units
        self.kernel = kernel
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def choice(self) -> Choice:
        """The kernel that runs it, for `rnnapps.layers.explain`."""
        if self.kernel == "keras":
            return Choice("keras", {"parallel": "kernel='keras'"})
        return Choice("parallel", {"cudnn": "cuDNN has no minimal layers"})

    @uncompiled
    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Keras's hook: `(last output, outputs, states)`, time running as the layer processes it."""
        check_length(sequences)
        sequences, mask = without_masked(sequences, mask)
        batch, time, features = ops.shape(sequences)
        flat = ops.reshape(ops.transpose(sequences, (1, 0, 2)), (-1, features))
        *products, candidate = (
            ops.reshape(product, (time, batch, self.units)) for product in self.cell.products(flat)
        )
        initial = ops.cast(carried(self, initial_state)[0], candidate.dtype)
        real = None
        if mask is not None:
            real = ops.cast(ops.transpose(mask)[:, :, None], candidate.dtype)
        states = scan(self.cell.gate, products, candidate, real, initial, self.go_backwards, self.kernel)
        states = shaped(states, time, batch, self.units)
        state = states[0 if self.go_backwards else -1]
        return as_keras_wants(self, ops.transpose(states, (1, 0, 2)), (state,), mask)

    def get_config(self):
        config = super().get_config() | self.cell.arguments() | {"kernel": self.kernel}
        config["activity_regularizer"] = keras.regularizers.serialize(self.activity_regularizer)
        return {name: value for name, value in config.items() if name not in ("cell", "unroll")}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
