"""PyTorch's native layers: cuDNN on a GPU, oneDNN or ATen on a CPU."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnapps.layers.kernels.derivative import MESSAGE
from rnnapps.layers.kernels.weights import reset_first


def call(cell, x, lengths, states, weights):
    """Run the layer; see `rnnapps.layers.kernels.library` for the arguments.

    `cell` may be "rnn_tanh" or "rnn_relu" too.
    """
    depth, both = len(weights), len(weights[0]) == 2
    parameters = []
    for direction in (direction for layer in weights for direction in layer):
        if cell == "gru":
            direction = reset_first(direction)
        kernel, recurrent, *biases = direction
        parameters += [kernel.T.contiguous(), recurrent.T.contiguous(), *biases]
    x = x.to(parameters[0].dtype)
    states = [state.to(x.dtype).contiguous() for state in states]  # as cuDNN wants them
    layer = getattr(torch._VF, cell)
    # Biases, layers, no dropout, training if a gradient is to be had, both directions or one.
    options = (parameters, True, depth, 0.0, torch.is_grad_enabled(), both)
    if lengths is None:
        try:
            outputs, *last = layer(x, _given(states), *options, True)
        except NotImplementedError as error:  # oneDNN's in forward mode
            raise NotImplementedError(MESSAGE) from error
        return outputs, last
    packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    states = [state.index_select(1, packed.sorted_indices) for state in states]
    data, *last = layer(packed.data, packed.batch_sizes, _given(states), *options)
    outputs, _ = pad_packed_sequence(
        packed._replace(data=data), batch_first=True, total_length=x.shape[1]
    )
    return outputs, [state.index_select(1, packed.unsorted_indices) for state in last]


def _given(states):
    """An LSTM takes its states as a tuple, the others theirs as it is."""
    return tuple(states) if len(states) == 2 else states[0]
