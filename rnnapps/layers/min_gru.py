"""minGRU, trained on all time steps at once."""

import keras

from rnnapps.layers.kernels.parallel_scan import ParallelRecurrence


@keras.saving.register_keras_serializable(package="rnnapps")
class MinGRU(ParallelRecurrence):
    """The minimal GRU (Feng et al. 2024, "Were RNNs all we needed?", arXiv 2410.01201, appendix B).

        z_t = sigmoid(x_t W_z + b_z)
        c_t = g(x_t W_c + b_c),  g(x) = x + 0.5 where x >= 0, else sigmoid(x)
        h_t = (1 - z_t) h_{t-1} + z_t c_t

    The gate does not see the state, so that all time steps are trained at once; for a stream there is
    `rnnapps.layers.compiled_step`. Unlike Keras's GRU it has no recurrent kernel and no reset gate, and
    z is the share of the new, not of the old.

    Input `(batch, time, features)`, output `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`. The one state, `(batch, units)`, starts at zero and is never negative; an
    `initial_state` that is given may be anything. Masked steps leave the state as it is; their output
    repeats the last one (before the first real step: zero; on JAX, as in Keras, the initial state), or
    is zero with `zero_output_for_mask`. With mixed precision the products are in half precision, gates
    and states in float32.

    Args:
        units: size of the state.
        use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            kernel_constraint, bias_constraint: of the kernel `(features, 2 * units)`, the gate's part
            first, and the bias `(2 * units,)`.
        kernel: "auto", or "keras" for a loop that is not compiled and has second derivatives.
        **kwargs: those of `keras.layers.RNN`: `return_sequences`, `return_state`, `go_backwards`,
            `stateful`, `zero_output_for_mask`; there is no loop for `unroll` to unroll. Those of every
            layer: `name`, `dtype`, `trainable`, `activity_regularizer`.

    Raises:
        ValueError: `units` is not positive, or `kernel` is unknown.
    """

    kind = "gru"
