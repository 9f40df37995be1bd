"""PyTorch's native layers: cuDNN on a GPU, oneDNN or ATen on a CPU."""

import torch

from rnnapps.layers.kernels.derivative import MESSAGE
from rnnapps.layers.kernels.weights import flat, reset_first


def call(cell, x, lengths, states, weights):
    """Run the layer; see `rnnapps.layers.kernels.library` for the arguments.

    `cell` may be "rnn_tanh" or "rnn_relu" too.
    """
    depth, both = len(weights), len(weights[0]) == 2
    directions = [direction for layer in weights for direction in layer]
    if cell == "gru":
        directions = [reset_first(direction) for direction in directions]
    parameters = _parameters(directions)
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
    rows, places, sizes = _packing(lengths, x.shape[1])
    states = [state.index_select(1, rows) for state in states]
    packed = x.flatten(0, 1).index_select(0, places)
    data, *last = layer(packed, sizes, _given(states), *options)
    outputs = data.new_zeros(x.shape[0] * x.shape[1], data.shape[1]).index_copy(0, places, data)
    before = rows.argsort()
    return outputs.unflatten(0, x.shape[:2]), [state.index_select(1, before) for state in last]


def _parameters(directions):
    """The weights as PyTorch takes them: matrices and biases of each direction, with outputs first.

    They are parts of one array, as cuDNN wants them; it would copy others at each call.
    """
    arrays = [matrix.T for direction in directions for matrix in direction[:2]]
    arrays += [bias for direction in directions for bias in direction[2:]]
    parts = flat(directions).split([array.numel() for array in arrays])
    parts = [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]
    biases = 2 * len(directions)  # begin there
    return [
        part
        for number in range(0, biases, 2)
        for part in (*parts[number : number + 2], *parts[biases + number : biases + number + 2])
    ]


def _packing(lengths, steps):
    """How real steps are packed: the rows, those with most steps first; of each step in turn, for all
    rows that have it, its place in the batch `(rows * steps)`; and how many rows that are.

    PyTorch's own functions for this copy the whole gradient once for each length.
    """
    ordered, rows = lengths.sort(descending=True)
    real = torch.arange(steps, device=lengths.device)[:, None] < ordered
    step, rank = real.nonzero(as_tuple=True)
    sizes = real.sum(1).cpu()
    return rows, rows[rank] * steps + step, sizes[sizes > 0]


def _given(states):
    """An LSTM takes its states as a tuple, the others theirs as it is."""
    return tuple(states) if len(states) == 2 else states[0]
