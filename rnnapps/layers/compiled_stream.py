"""One time step of a whole network, for streams."""

from collections.abc import Callable

import keras

from rnnapps.layers.band_normalisation import BandNormalisation
from rnnapps.layers.kernels.loops import compiled
from rnnapps.layers.recurrent_stack import RecurrentStack
from rnnapps.layers.spec_augment import SpecAugment

# Layers whose output at a time step is of that step alone.
POINTWISE = (
    BandNormalisation,
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.LayerNormalization,
    keras.layers.ReLU,
    keras.layers.Reshape,
)
ONLY_IN_TRAINING = (
    SpecAugment,
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
)


def compiled_stream(model: keras.Model) -> tuple[Callable, Callable]:
    """Functions `start(batch) -> states` and `step(x, states) -> (output, states)` of a causal network.

    The network is a chain of layers from its input `(batch, time)` or `(batch, time, ...)` to one
    output: `LogMel` first where it takes samples, `CausalConv`, `RecurrentStack`, and layers of one time step
    (dense, normalisation, activation, reshaping with -1 for time). The output of a step is that of the
    network for all that came before, to rounding: the last of its time steps, or what a stack without
    `return_sequences` makes of them. `x` is the next hop of samples `(batch, hop)`, or the next
    `(batch, ...)`.

    It is compiled once for each batch size (on PyTorch it runs as it is), and uses the weights that the
    network has when it is called, and no dropout.

    Raises:
        ValueError: the layers are no chain, or one of them looks ahead, or is not known to be causal.
    """
    layers = _chain(model)
    stateful = [layer for layer in layers if hasattr(layer, "start")]

    def start(batch: int):
        return [layer.start(batch) for layer in stateful]

    def step(x, states):
        states, after = list(states), []
        has_time = True
        for layer in layers:
            if hasattr(layer, "start"):
                x, state = layer.step(x, states.pop(0))
                after.append(state)
                has_time = has_time and getattr(layer, "return_sequences", True)
            else:
                x = layer(x[:, None], training=False)[:, 0] if has_time else layer(x, training=False)
        return x, after

    name = keras.backend.backend()
    if name == "torch":
        import torch

        # Else the record of what a gradient needs would grow with the stream.
        return start, torch.no_grad()(step)
    if name == "tensorflow":
        return start, compiled(step)  # it finds the variables itself, faster than handing them over

    variables = model.variables

    def with_weights(weights, x, states):
        with keras.StatelessScope(state_mapping=zip(variables, weights, strict=True)):
            return step(x, states)

    fast = compiled(with_weights)
    return start, lambda x, states: fast([variable.value for variable in variables], x, states)


def _chain(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that do something outside of training, in order."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    outputs = [model.input, *(layer.output for layer in layers)]
    inputs = [*(layer.input for layer in layers), model.output]
    for number, (given, taken) in enumerate(zip(outputs, inputs, strict=True)):
        if given is not taken:
            name = layers[min(number, len(layers) - 1)].name
            raise ValueError(f"{model.name}: its layers are no chain: see {name}")
    kept = [layer for layer in layers if not isinstance(layer, ONLY_IN_TRAINING)]
    for layer in kept:
        if isinstance(layer, RecurrentStack) and layer.bidirectional:
            raise ValueError(f"{model.name}: {layer.name} is bidirectional: it needs the whole sequence")
        if not (hasattr(layer, "start") or _is_pointwise(layer)):
            raise ValueError(f"{model.name}: {layer.name} ({type(layer).__name__}) has no step")
    return kept


def _is_pointwise(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, keras.layers.LayerNormalization):
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        return all(axis not in (0, 1) for axis in axes)
    return isinstance(layer, POINTWISE)
