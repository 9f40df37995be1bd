"""One time step of a whole network, for streams."""

import itertools
import math
from collections.abc import Callable

import keras
from keras import ops

from rnnapps.layers.band_normalisation import BandNormalisation
from rnnapps.layers.kernels.loops import compiled
from rnnapps.layers.log_mel import LogMel
from rnnapps.layers.recurrent_stack import RecurrentStack
from rnnapps.layers.spec_augment import SpecAugment

# Layers whose output at a time step is of that step alone.
POINTWISE = (
    BandNormalisation,
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dense,
    keras.layers.LayerNormalization,
    keras.layers.Permute,
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
    """Functions `start(batch) -> state` and `step(x, state) -> (output, state)` of a causal network.

    They are those of `stream_step`, the step compiled once for each batch size (on PyTorch it runs as it
    is), with the weights that the network has now: as constants they cost nothing in a call.
    """
    start, step = stream_step(model)
    step = with_constants(step, model.variables)
    name = keras.backend.backend()
    if name == "torch":
        import torch

        # Else the record of what a gradient needs would grow with the stream.
        return start, torch.no_grad()(step)
    fast = compiled(step)
    if name != "tensorflow":
        return start, fast
    programs = {}

    def call(x, state):
        # The program of a shape is called directly: to look for it anew takes longer than to run it.
        x = ops.convert_to_tensor(x)
        if x.shape not in programs:
            programs[x.shape] = fast.get_concrete_function(x, state)
        return programs[x.shape](x, state)

    return start, call


def with_constants(step: Callable, variables: list) -> Callable:
    """The step with the values that the variables have now in their place."""
    values = [(variable, ops.convert_to_numpy(variable)) for variable in variables]

    def frozen(x, state):
        mapping = [(variable, ops.convert_to_tensor(value)) for variable, value in values]
        with keras.StatelessScope(state_mapping=mapping):
            return step(x, state)

    return frozen


def stream_step(model: keras.Model) -> tuple[Callable, Callable]:
    """Functions `start(batch) -> state` and `step(x, state) -> (output, state)` of a causal network.

    The network is a chain of layers from its input `(batch, time)` or `(batch, time, ...)` to one
    output: those with a `start` and a `step` (`LogMel` first where it takes samples, `CausalConv`,
    `RecurrentStack`, `RecentAttention`), and layers of one time step (dense, normalisation, activation,
    reshaping with -1 for time, permuting what is not time). The output of a step is that of the network
    for all that came before, to rounding: the last of its time steps, or what is made of them. `x` is
    the next hop of samples `(batch, hop)`, or the next `(batch, ...)`. A network that puts so many hops
    into one time step by reshaping takes them together, `(batch, hops * hop)`. There is no dropout.

    The state is all that the layers carry, float32 `(batch, numbers)`: in one array, because what a
    call costs beside its arithmetic grows with the number of its arguments.

    Raises:
        ValueError: the layers are no chain, or one of them looks ahead, or is not known to be causal.
    """
    layers = _chain(model)
    stateful = [layer for layer in layers if hasattr(layer, "start")]
    example = [layer.start(1) for layer in stateful]
    leaves = keras.tree.flatten(example)
    shapes = [tuple(leaf.shape)[1:] for leaf in leaves]
    dtypes = [keras.backend.standardize_dtype(leaf.dtype) for leaf in leaves]
    ends = list(itertools.accumulate(map(math.prod, shapes)))

    def pack(states):
        flat = [ops.cast(leaf, "float32") for leaf in keras.tree.flatten(states)]
        rows = [ops.reshape(leaf, (leaf.shape[0], math.prod(leaf.shape[1:]))) for leaf in flat]
        return ops.concatenate(rows, axis=1)

    def unpack(state):
        # Of one part, TensorFlow's split of Keras takes the empty list of places for floats.
        parts = ops.split(state, ends[:-1], axis=1) if len(ends) > 1 else [state]
        leaves = [
            ops.cast(ops.reshape(part, (state.shape[0], *shape)), dtype)
            for part, shape, dtype in zip(parts, shapes, dtypes, strict=True)
        ]
        return keras.tree.pack_sequence_as(example, leaves)

    def start(batch: int):
        return pack([layer.start(batch) for layer in stateful])

    def step(x, state):
        states, after = list(unpack(state)), []
        x = x[:, None]  # one time step
        has_time = True
        for layer in layers:
            if isinstance(layer, LogMel):
                x, new = _frames(layer, ops.squeeze(x, 1), states.pop(0))
                after.append(new)
            elif hasattr(layer, "start"):
                x, new = layer.step(ops.squeeze(x, 1) if has_time else x, states.pop(0))
                after.append(new)
                has_time = has_time and getattr(layer, "return_sequences", True)
                x = ops.expand_dims(x, 1) if has_time else x
            else:
                x = layer(x, training=False)
        return ops.squeeze(x, 1) if has_time else x, pack(after)

    return start, step


def _frames(layer: LogMel, samples, state):
    """The frames `(batch, hops, mels)` that so many hops complete, and the state after them."""
    frames = []
    for hop in ops.split(samples, samples.shape[1] // layer.hop, axis=1):
        frame, state = layer.step(hop, state)
        frames.append(frame)
    return ops.stack(frames, axis=1), state


def _chain(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that do something outside of training, in order."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    outputs = [model.input, *(layer.output for layer in layers)]
    inputs = [*(layer.input for layer in layers), model.output]
    for number, pair in enumerate(zip(outputs, inputs, strict=True)):
        given, taken = map(keras.tree.flatten, pair)  # a saved network has lists of one
        if len(given) != 1 or len(taken) != 1 or given[0] is not taken[0]:
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
    if isinstance(layer, keras.layers.Permute):
        return layer.dims[0] == 1
    return isinstance(layer, POINTWISE)
