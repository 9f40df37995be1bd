"""GRU with layer normalisation."""

import keras
from keras import ops

from rnnapps.layers.kernels.layer_norm_cell import LayerNormCell
from rnnapps.layers.kernels.layer_norm_layer import LayerNormLayer


class _Cell(LayerNormCell):
    groups = (2, 1)  # the gates together, the candidate by itself

    def gates(self, projected, recurrent, states):
        x_z, x_r, x_h = ops.split(projected, 3, axis=-1)
        r_z, r_r, r_h = ops.split(recurrent, 3, axis=-1)
        z, r = ops.sigmoid(x_z + r_z), ops.sigmoid(x_r + r_r)
        candidate = ops.tanh(x_h + r * r_h)
        return (z * states[0] + (1 - z) * candidate,)


@keras.saving.register_keras_serializable(package="rnnapps")
class LayerNormGRU(LayerNormLayer):
    """GRU with layer normalisation (Ba et al. 2016, supplementary material).

        z, r = sigmoid(LN(x_t W) + LN(h_{t-1} U) + b)
        g = tanh(LN(x_t W_h) + b_h + r LN(h_{t-1} U_h))
        h_t = z h_{t-1} + (1 - z) g

    The order of the gates and the meaning of z are Keras's. Shapes, masks, errors and all arguments but
    those of the cell state are those of `rnnapps.layers.LayerNormLSTM`; there is one state.

    Args:
        units: size of the state.
        zoneout: share of the units that keep their state at a training step (Krueger et al. 2017).
    """

    cell_class = _Cell

    def __init__(self, units: int, zoneout: float = 0.0, **kwargs):
        super().__init__(units, (zoneout,), **kwargs)
