"""LSTM with layer normalisation."""

import keras
from keras import ops

from rnnapps.layers.kernels.cell import with_forget_bias
from rnnapps.layers.kernels.layer_norm_cell import LayerNormCell, normalised
from rnnapps.layers.kernels.layer_norm_layer import LayerNormLayer


class _Cell(LayerNormCell):
    groups = (4,)

    def initial_bias(self, shape, dtype=None):
        return with_forget_bias(super().initial_bias(shape, dtype), self.units)

    def build(self, input_shape):
        super().build(input_shape)
        shape = (self.units,)
        self.cell_gain = self.add_weight(shape=shape, initializer="ones", name="cell_gain")
        self.cell_bias = self.add_weight(shape=shape, initializer="zeros", name="cell_bias")

    def gates(self, projected, recurrent, states):
        i, f, g, o = ops.split(projected + recurrent, 4, axis=-1)
        c = ops.sigmoid(f) * states[1] + ops.sigmoid(i) * ops.tanh(g)
        gain, bias = (ops.cast(part, self.precision) for part in (self.cell_gain, self.cell_bias))
        return ops.sigmoid(o) * ops.tanh(normalised(c, self.epsilon) * gain + bias), c


@keras.saving.register_keras_serializable(package="rnnapps")
class LayerNormLSTM(LayerNormLayer):
    """LSTM with layer normalisation (Ba et al. 2016, eq. 20-22).

        i, f, g, o = LN(x_t W) + LN(h_{t-1} U) + b
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(LN(c_t))

    The forget gate's bias starts at one. Input `(batch, time, features)`, output `(batch, units)`, or
    `(batch, time, units)` with `return_sequences`; states h and c. Masked steps leave the states as they
    are; their output repeats the last one, or is zero with `zero_output_for_mask`. On TensorFlow and JAX
    it runs in a loop compiled by XLA, with normalisation and states in float32 under mixed precision; on
    PyTorch step by step.

    Args:
        units: size of the states.
        zoneout, zoneout_cell: share of the units of h and of c that keep their state at a training step
            (Krueger et al. 2017).
        dropout: of the inputs, one pattern a row for all steps.
        recurrent_dropout: of h where it is multiplied by U, one pattern a row for all steps and gates
            (Gal and Ghahramani 2016).
        weight_drop: of U (Merity et al. 2018).
        epsilon: added to the variance.
        seed: of the dropouts.
        kernel: "auto", or "keras" for a loop that is not compiled and has second derivatives.
        kwargs: `kernel_`, `recurrent_` and `bias_` with `initializer` and `regularizer`, and the
            arguments of `keras.layers.RNN`.

    Raises:
        ValueError: `kernel` is unknown, or a rate is not at least 0 and below 1.
    """

    cell_class = _Cell

    def __init__(self, units: int, zoneout: float = 0.0, zoneout_cell: float = 0.0, **kwargs):
        super().__init__(units, (zoneout, zoneout_cell), **kwargs)

    def get_config(self):
        return super().get_config() | {"zoneout_cell": self.cell.zoneout[1]}
