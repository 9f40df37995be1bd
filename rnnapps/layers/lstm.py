"""LSTM, by the fastest kernel that is exact."""

import keras

from rnnapps.layers.kernels.recurrence import Recurrence, check_rates


@keras.saving.register_keras_serializable(package="rnnapps")
class LSTM(Recurrence, keras.layers.LSTM):
    """Keras's LSTM with a choice of kernels; see `keras.layers.LSTM` for all other arguments.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000. Input
    `(batch, time, features)`, output `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`. Masked steps leave the state as it is; their output repeats the last one, or is
    zero with `zero_output_for_mask`.

    Args:
        units: size of the state.
        kernel: "auto" takes the first of "cudnn", "native", "fused" and "keras" that can run the layer
            exactly; `rnnapps.layers.explain` tells which and why. One that is named and cannot run is an
            error.
        weight_drop: share of the recurrent weights that are zero in a training step, the others being
            scaled up (DropConnect, Wan et al. 2013; for the weights of an LSTM Merity et al. 2018).
            Any kernel that can run the layer without it.
        zoneout, zoneout_cell: share of the units of h and of c that keep their state at a training step
            (Krueger et al. 2017); otherwise the states are mixed in that proportion. Kernels "fused" and
            "keras".

    Raises:
        ValueError: `kernel` is unknown or, when the layer is called, cannot run it; a rate is not at
            least 0 and below 1.
    """

    kind = "lstm"

    def __init__(self, units: int, *args, zoneout_cell: float = 0.0, **kwargs):
        super().__init__(units, *args, **kwargs)
        check_rates(zoneout_cell=zoneout_cell)
        self.zoneout_cell = zoneout_cell

    def get_config(self):
        return super().get_config() | {"zoneout_cell": self.zoneout_cell}
