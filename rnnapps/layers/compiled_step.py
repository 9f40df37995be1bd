"""One time step of a layer, for streams."""

from collections.abc import Callable
from functools import partial

import keras

from rnnapps.layers.kernels.loops import compiled
from rnnapps.layers.kernels.zoneout import layer_step


def compiled_step(layer: keras.layers.RNN) -> Callable:
    """A compiled function `(x, states) -> (output, states)` of one time step of a built layer.

    `x` is `(batch, features)`, each state and the output `(batch, units)`; the first states are
    `layer.get_initial_state(batch)`. It is compiled once for each batch size (on PyTorch it runs as it
    is), uses the weights that the layer has when it is called, and no dropout. What a stream costs is
    this, and not `model.predict`, which prepares for any amount of data at every call.

    Raises:
        ValueError: the layer has no weights yet, or is none of one cell (`Bidirectional`, a stack).
    """
    if not isinstance(layer, keras.layers.RNN) or not layer.built:
        raise ValueError(f"{layer.name}: expected one recurrent layer that is built")
    cell, step = layer.cell, partial(layer_step, layer)

    def with_weights(weights, x, states):
        with keras.StatelessScope(state_mapping=zip(cell.variables, weights, strict=True)):
            return step(x, states)

    if keras.backend.backend() == "torch":
        import torch

        # Else the record of what a gradient needs would grow with the stream.
        return torch.no_grad()(step)
    fast = compiled(with_weights)
    return lambda x, states: fast([variable.value for variable in cell.variables], x, list(states))
