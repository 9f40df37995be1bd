"""minLSTM, trained on all time steps at once."""

import keras

from rnnapps.layers.kernels.parallel_scan import ParallelRecurrence


@keras.saving.register_keras_serializable(package="rnnapps")
class MinLSTM(ParallelRecurrence):
    """The minimal LSTM, independent of the length (Feng et al. 2024, arXiv 2410.01201, appendix B).

        f_t = sigmoid(x_t W_f + b_f)
        i_t = sigmoid(x_t W_i + b_i)
        c_t = g(x_t W_c + b_c),  g(x) = x + 0.5 where x >= 0, else sigmoid(x)
        h_t = (f_t h_{t-1} + i_t c_t) / (f_t + i_t)

    There is one state and no output gate. The kernel `(features, 3 * units)` has the parts of f, i and
    c, in this order. Arguments, shapes, masks, precision and errors are those of
    `rnnapps.layers.MinGRU`.
    """

    kind = "lstm"
