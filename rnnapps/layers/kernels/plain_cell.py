"""The cells of LSTM, GRU and SimpleRNN for loops that hold more than a layer."""

from keras import activations, ops

from rnnapps.layers.kernels.cell import Cell, with_forget_bias
from rnnapps.layers.kernels.products import product
from rnnapps.layers.kernels.recurrence import EQUATIONS


class PlainCell(Cell):
    """An LSTM, GRU or SimpleRNN, by the equations of its layer and with its first weights.

    Args:
        kind: "lstm", "gru" or "rnn".
        units: size of each state.
    """

    def __init__(self, kind: str, units: int, **kwargs):
        super().__init__(units, (0.0, 0.0) if kind == "lstm" else (0.0,), **kwargs)
        self.kind = kind
        self.equations = EQUATIONS[kind]

    def build(self, input_shape):
        width = self.equations.gates * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width), initializer="glorot_uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(width,), initializer=self._initial_bias, name="bias")
        # A GRU's candidate has a bias of its own behind the reset gate.
        self.recurrent_bias = self.add_weight(shape=(width,), initializer="zeros", name="recurrent_bias")

    def _initial_bias(self, shape, dtype=None):
        bias = ops.zeros(shape, dtype=dtype)
        return with_forget_bias(bias, self.units) if self.kind == "lstm" else bias

    def project(self, product):
        return ops.cast(product, self.precision) + ops.cast(self.bias, self.precision)

    def step(self, projected, states, h):
        r = product(ops.cast(h, self.compute_dtype), self.recurrent_kernel)
        r = ops.cast(r, self.precision) + ops.cast(self.recurrent_bias, self.precision)
        return self.equations.forward(projected, r, states, activations.tanh, activations.sigmoid)[1]
