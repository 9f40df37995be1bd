"""The network that writes: recurrent layers over the steps of the pen, the first with a window over the
text, and the density of the step that comes next (Graves 2013, section 5).
"""

from collections.abc import Callable

import keras
from keras import layers, ops

from rnnapps.handwriting.config import ModelConfig
from rnnapps.handwriting.writing.config import WriterConfig
from rnnapps.handwriting.writing.density import outputs_of
from rnnapps.layers import LSTM
from rnnapps.layers.soft_window import SoftWindow

STEPS_PER_CHARACTER = 12.0  # of the pen, about, as `rnnapps.handwriting.writing.offsets` thins them


def build(config: ModelConfig, writer: WriterConfig, characters: int) -> keras.Model:
    """Build the network.

    Inputs: steps of the pen, float32 `(batch, time, 3)`, dx, dy, lift; ids of the characters of the
    text, int32 `(batch, positions)`, from 1 on, padded with 0. Output: the density of each next step,
    float32 `(batch, time, outputs)` (see `rnnapps.handwriting.writing.density`).

    Every recurrent layer reads the steps and the window, and the density all layers (skip connections).

    Args:
        config: units, depth and dropout of its layers.
        writer: sizes of window and density.
        characters: how many different ones there are.
    """
    steps = keras.Input((None, 3), name="steps")
    text = keras.Input((None,), dtype="int32", name="characters")
    h, window = SoftWindow(
        config.units, writer.window_components, STEPS_PER_CHARACTER, name="recurrent_1"
    )(steps, one_hot(text, characters))
    outputs = [layers.SpatialDropout1D(config.layer_dropout)(h)]
    for number in range(2, config.depth + 1):
        x = layers.concatenate([steps, window, outputs[-1]])
        h = LSTM(config.units, return_sequences=True, name=f"recurrent_{number}")(x)
        outputs.append(layers.SpatialDropout1D(config.layer_dropout)(h))
    x = layers.concatenate(outputs) if config.depth > 1 else outputs[0]
    density = layers.Dense(outputs_of(writer.mixture_components), dtype="float32", name="density")(x)
    return keras.Model([steps, text], density, name="writer")


def one_hot(text, characters: int):
    """Ids of characters as vectors, float32 `(batch, positions, characters)`; padding is zeros."""
    return ops.one_hot(text - 1, characters, dtype="float32")


def stepwise(model: keras.Model) -> tuple[Callable, Callable]:
    """Functions of the network one step after the other.

    `start(characters) -> (state, context)` takes ids as the network does. `step(x, state, context) ->
    (outputs, state, phi)` takes a step of the pen `(batch, 3)` and gives the outputs of the density of
    the next, `(batch, outputs)`, and the window's weights of the positions, `(batch, positions)`.
    """
    first, density = model.get_layer("recurrent_1"), model.get_layer("density")
    others = [layer for layer in model.layers if isinstance(layer, LSTM)]

    def start(characters):
        state, context = first.start(one_hot(characters, first.size))
        batch = ops.shape(characters)[0]
        return (state, *(tuple(layer.get_initial_state(batch)) for layer in others)), context

    def step(x, state, context):
        (h, window), own, phi = first.step(x, state[0], context)
        after, outputs = [own], [h]
        for layer, before in zip(others, state[1:], strict=True):
            read = ops.concatenate([ops.cast(x, h.dtype), window, outputs[-1]], axis=-1)
            h, new = layer.cell(read, list(before))
            after.append(tuple(new))
            outputs.append(h)
        return density(ops.concatenate(outputs, axis=-1)), tuple(after), phi

    return start, step
