"""SimpleRNN, by the fastest kernel that is exact."""

import keras

from rnnapps.layers.kernels.recurrence import Recurrence


@keras.saving.register_keras_serializable(package="rnnapps")
class SimpleRNN(Recurrence, keras.layers.SimpleRNN):
    """Keras's SimpleRNN with the arguments `kernel`, `weight_drop`, `zoneout` of `rnnapps.layers.LSTM`.

    Elman 1990: `h_t = tanh(x_t W + h_{t-1} U + b)`. Shapes, masks and errors are those of
    `rnnapps.layers.LSTM`; there is one state.
    """

    kind = "rnn"

    def __init__(self, units: int, *args, activity_regularizer=None, **kwargs):
        super().__init__(units, *args, **kwargs)
        # Keras 3.15 takes this argument and forgets it.
        self.activity_regularizer = keras.regularizers.get(activity_regularizer)
