"""LSTM, by the fastest kernel that is exact."""

import keras

from rnnapps.layers.kernels.recurrence import Recurrence


@keras.saving.register_keras_serializable(package="rnnapps")
class LSTM(Recurrence, keras.layers.LSTM):
    """Keras's LSTM with a choice of kernels; see `keras.layers.LSTM` for all other arguments.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000. Input
    `(batch, time, features)`, output `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`. Masked steps leave the state as it is; their output repeats the last one, or is
    zero with `zero_output_for_mask`.

    Args:
        units: size of the state.
        kernel: "auto" takes the first of "cudnn", "fused" and "keras" that can run the layer exactly;
            `rnnapps.layers.explain` tells which and why. One that is named and cannot run is an error.

    Raises:
        ValueError: `kernel` is unknown or, when the layer is called, cannot run it.
    """

    kind = "lstm"
