"""A cell that Keras does not have."""

import keras
from keras import ops

from rnnapps.layers.kernels.equations import Tensor
from rnnapps.layers.kernels.recurrence import check_rates
from rnnapps.layers.kernels.zoneout import expected


def with_forget_bias(bias: Tensor, units: int) -> Tensor:
    """An LSTM's bias `(4 * units,)` with that of the forget gate at one (Jozefowicz et al. 2015)."""
    ones = ops.ones((units,), dtype=bias.dtype)
    return ops.concatenate([bias[:units], ones, bias[2 * units :]])


class Cell(keras.layers.Layer):
    """A cell, one time step, for `keras.layers.RNN`, `CellLayer` and loops that hold more than a layer.

    A class of it has `kernel` and `recurrent_kernel`, and in float32 (or float64, if that is the layer's
    dtype) `project(product)`, what a step does with the input's product before the state comes in, and
    `step(projected, states, h)`, the new states, of which the first is the output. There `h` is the
    first state as the recurrent product sees it.

    Args:
        units: size of each state.
        zoneout: the rate of zoneout of each state.
    """

    def __init__(self, units: int, zoneout: tuple[float, ...], **kwargs):
        super().__init__(**kwargs)
        check_rates(**{f"zoneout of state {number}": rate for number, rate in enumerate(zoneout, 1)})
        self.units = units
        self.zoneout = zoneout
        self.state_size = [units] * len(zoneout)

    @property
    def precision(self) -> str:
        """The dtype of everything but products."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def get_config(self):
        return super().get_config()  # the rest is in the layer's

    def call(self, inputs, states):
        states = tuple(ops.cast(state, self.precision) for state in states)
        projected = self.project(ops.matmul(inputs, self.kernel))
        new = expected(self.zoneout, self.step(projected, states, states[0]), states)
        new = [ops.cast(state, self.compute_dtype) for state in new]
        return new[0], new
