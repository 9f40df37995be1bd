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
    # PyTorch's packed batches are slow on a CPU, and the padding changes no output before it.
    on_torch_cpu = keras.backend.backend() == "torch" and sequences.device.type == "cpu"
    unpacked = on_torch_cpu and not (cell == "lstm" and states_wanted)
    initial = [state[None] for state in states]
    outputs, last = _call(cell, x, None if unpacked else lengths, initial, [weights])
    last = [state[0] for state in last]
    if mask is None:
        return (ops.flip(outputs, axis=1) if reverse else outputs), last
    outputs = steps.scatter(outputs, mask, reverse, states[0])
    if unpacked:
        return outputs, [outputs[:, 0 if reverse else -1], *last[1:]]
    return outputs, _unless_empty(lengths, last, states)


def run_both(
    cell: str,
    sequences: Tensor,
    mask: Tensor | None,
    states: tuple[States, States],
    weights: list[Weights],
) -> list[tuple[Tensor, States]]:
    """Run a layer in both directions at once; the result of each is that of `run`."""
    lengths, x = None, sequences
    if mask is not None:
        x, lengths = steps.gather(sequences, mask, reverse=False)
    initial = [ops.stack(pair) for pair in zip(*states, strict=True)]
    outputs, last = _call(cell, x, lengths, initial, weights)
    results = []
    for direction, half in enumerate(ops.split(outputs, 2, axis=-1)):
        end = [state[direction] for state in last]
        if mask is not None:
            if direction:  # in order of time: from here the way is that of a reversed layer
                half, _ = steps.gather(
                    half, ops.arange(ops.shape(mask)[1]) < lengths[:, None], reverse=True
                )
            half = steps.scatter(half, mask, bool(direction), states[direction][0])
            end = _unless_empty(lengths, end, states[direction])
        results.append((half, end))
    return results


def _call(cell, x, lengths, states, weights):
    """`states` and the last states have shape `(directions, batch, units)`."""
    if lengths is not None:
        lengths = ops.maximum(lengths, 1)  # the libraries refuse 0
    module = import_module(MODULES[keras.backend.backend()])
    return module.call(cell, x, lengths, states, weights)


def _unless_empty(lengths: Tensor, new: States, old: States) -> States:
    return [ops.where(lengths[:, None] > 0, *pair) for pair in zip(new, old, strict=True)]
