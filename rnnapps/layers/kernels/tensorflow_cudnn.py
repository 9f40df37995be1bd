"""cuDNN by TensorFlow's operation."""

import tensorflow as tf

from rnnapps.layers.kernels.weights import flat, reset_first


def call(cell, x, lengths, states, weights):
    """Run cuDNN; see `rnnapps.layers.kernels.library` for the arguments."""
    both = len(weights[0]) == 2
    weights = [direction for layer in weights for direction in layer]
    if cell == "gru":
        weights = [reset_first(direction) for direction in weights]
    if lengths is None:
        lengths = tf.fill([tf.shape(x)[0]], tf.shape(x)[1])
    # Batch-major states are (batch, layers * directions, units), which tells it the number of layers.
    states = [tf.transpose(tf.cast(state, x.dtype), (1, 0, 2)) for state in states]
    outputs, *last, _, _ = tf.raw_ops.CudnnRNNV3(
        input=x,
        input_h=states[0],
        input_c=states[1] if cell == "lstm" else tf.zeros((0,), x.dtype),
        params=tf.cast(flat(weights), x.dtype),
        sequence_lengths=lengths,
        rnn_mode=cell,
        direction="bidirectional" if both else "unidirectional",
        is_training=True,  # keeps what the gradient needs
        time_major=False,
    )
    return outputs, [tf.transpose(state, (1, 0, 2)) for state in last[: len(states)]]
