"""GRU, by the fastest kernel that is exact."""

import keras

from rnnapps.layers.kernels.recurrence import Recurrence


@keras.saving.register_keras_serializable(package="rnnapps")
class GRU(Recurrence, keras.layers.GRU):
    """Keras's GRU with the arguments `kernel`, `weight_drop` and `zoneout` of `rnnapps.layers.LSTM`.

    Cho et al. 2014, in cuDNN's variant (`reset_after=True`), which is Keras's default; the original runs
    on Keras's loop. Shapes, masks and errors are those of `rnnapps.layers.LSTM`; there is one state.
    """

    kind = "gru"
