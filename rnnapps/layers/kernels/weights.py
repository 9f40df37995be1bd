"""The weights of a recurrent cell as the kernels take them."""

from typing import NamedTuple

import keras
from keras import ops

from rnnapps.layers.kernels.equations import Tensor


class Weights(NamedTuple):
    """`input` `(features, gates * units)`, `recurrent` `(units, gates * units)`, biases
    `(gates * units,)`.
    """

    input: Tensor
    recurrent: Tensor
    input_bias: Tensor
    recurrent_bias: Tensor


def of_cell(cell: keras.layers.Layer) -> Weights:
    """The weights of an LSTM, GRU or SimpleRNN cell; a bias that it does not have is zero."""
    kernel, recurrent = map(ops.convert_to_tensor, (cell.kernel, cell.recurrent_kernel))
    none = ops.zeros((kernel.shape[1],), dtype=kernel.dtype)
    if not cell.use_bias:
        return Weights(kernel, recurrent, none, none)
    bias = ops.convert_to_tensor(cell.bias)
    biases = (bias, none) if len(bias.shape) == 1 else (bias[0], bias[1])
    return Weights(kernel, recurrent, *biases)


def reset_first(weights: Weights) -> Weights:
    """A GRU's weights in the order of cuDNN and PyTorch: reset gate, update gate, candidate."""

    def swap(array):
        update, reset, candidate = ops.split(array, 3, axis=-1)
        return ops.concatenate([reset, update, candidate], axis=-1)

    return Weights(*map(swap, weights))


def flat(directions: list[Weights]) -> Tensor:
    """cuDNN's single array: the matrices of each direction, transposed, then the biases of each."""
    matrices = [ops.reshape(ops.transpose(m), (-1,)) for w in directions for m in (w.input, w.recurrent)]
    biases = [b for w in directions for b in (w.input_bias, w.recurrent_bias)]
    return ops.concatenate(matrices + biases)
