"""A layer by the library's own kernel: cuDNN on a GPU, PyTorch's native layers on a CPU too."""

from importlib import import_module

import keras
from keras import ops

from rnnapps.layers.kernels import lengths as steps
from rnnapps.layers.kernels.equations import States, Tensor
from rnnapps.layers.kernels.weights import Weights

MODULES = {
    "tensorflow": "rnnapps.layers.kernels.tensorflow_cudnn",
    "jax": "rnnapps.layers.kernels.jax_cudnn",
    "torch": "rnnapps.layers.kernels.torch_native",
}


def run(
    cell: str,
    sequences: Tensor,
    mask: Tensor | None,
    reverse: bool,
    states: States,
    weights: Weights,
    states_wanted: bool,
) -> tuple[Tensor, States]:
    """Run a layer; see `rnnapps.layers.kernels.recurrence.run_layer` for the shapes.

    Without `states_wanted` only the first of the last states need be right.
    """
    if mask is None:
        x, lengths = (ops.flip(sequences, axis=1) if reverse else sequences), None
    else:
        x, lengths = steps.gather(sequences, mask, reverse)
    unpacked = _unpacked(cell, mask, states_wanted)
    initial = [state[None] for state in states]
    outputs, last = _call(cell, x, None if unpacked else lengths, initial, [[weights]])
    last = [state[0] for state in last]
    if mask is None:
        return (ops.flip(outputs, axis=1) if reverse else outputs), last
    outputs = steps.scatter(outputs, mask, reverse, states[0])
    if unpacked:
        return outputs, [outputs[:, 0 if reverse else -1], *last[1:]]
    return outputs, _unless_empty(lengths, last, states)


def in_one_call(cell: str, dtype: str, mask: Tensor | None, states_wanted: bool, both: bool) -> bool:
    """Whether `run_stack` is to run layers, in both directions or one, rather than `run` each."""
    if keras.backend.backend() != "torch":
        return True
    # There PyTorch's own layer is wrong: a gradient of its recurrent weights by a fifth (2.11, cuDNN 9).
    wrong = cell.startswith("rnn") and both and dtype == "float16"
    return not (wrong or _unpacked(cell, mask, states_wanted))


def run_stack(
    cell: str,
    sequences: Tensor,
    mask: Tensor | None,
    states: list[list[States]],
    weights: list[list[Weights]],
) -> tuple[list[Tensor], list[list[States]]]:
    """Run layers one on the other, in one direction or both, at once.

    States and weights are lists of layers, of one or two directions each. Returns the outputs of the
    last layer, of each direction, and the last states; these are as those of `run`.
    """
    lengths, x = None, sequences
    if mask is not None:
        x, lengths = steps.gather(sequences, mask, reverse=False)
    initial = [state for layer in states for state in layer]
    outputs, last = _call(
        cell, x, lengths, [ops.stack(part) for part in zip(*initial, strict=True)], weights
    )
    ends = [[part[number] for part in last] for number in range(len(initial))]
    if mask is not None:
        ends = [_unless_empty(lengths, *pair) for pair in zip(ends, initial, strict=True)]
    directions = len(weights[0])
    halves = ops.split(outputs, directions, axis=-1)
    if mask is not None:
        for reverse, half in enumerate(halves):
            if reverse:  # in order of time: from here the way is that of a reversed layer
                real = ops.arange(ops.shape(mask)[1]) < lengths[:, None]
                half, _ = steps.gather(half, real, reverse=True)
            halves[reverse] = steps.scatter(half, mask, bool(reverse), states[-1][reverse][0])
    layers = range(0, len(ends), directions)
    return list(halves), [ends[number : number + directions] for number in layers]


def _unpacked(cell, mask, states_wanted):
    """Whether padding is computed too, which changes no output before it. PyTorch's layers are slower
    when they leave it out, but only so an LSTM's second state is that of the last real step.
    """
    on_torch = keras.backend.backend() == "torch"
    return on_torch and mask is not None and not (cell == "lstm" and states_wanted)


def _call(cell, x, lengths, states, weights):
    """States are `(layers * directions, batch, units)`, weights lists of layers of directions."""
    if lengths is not None:
        lengths = ops.maximum(lengths, 1)  # the libraries refuse 0
    module = import_module(MODULES[keras.backend.backend()])
    return module.call(cell, x, lengths, states, weights)


def _unless_empty(lengths: Tensor, new: States, old: States) -> States:
    return [ops.where(lengths[:, None] > 0, *pair) for pair in zip(new, old, strict=True)]
