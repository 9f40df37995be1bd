"""The network: features of ink or of paper, bidirectional recurrent layers, characters."""

import keras
from keras import layers, ops

from rnnapps.handwriting.config import ModelConfig
from rnnapps.layers import BlankPadding, RecurrentStack

MOMENTUM = 0.95  # of batch normalisation: a training has a few thousand steps


def build(config: ModelConfig, kind: str, features: int, characters: int) -> keras.Model:
    """Build the network.

    Input: float32 `(batch, time, features)`, of ink `rnnapps.data.strokes.features`, of paper columns of
    pixels, padded with zeros. Output: logits of CTC, float32 `(batch, time / shrink, characters)`, of
    which class 0 is the blank, and padding is the blank for certain. `shrink` is 2 for ink, 4 for paper.

    Args:
        config: its sizes.
        kind: "ink" or "paper".
        features: of a step: channels of ink, or the height of a line.
        characters: number of ids, that of the blank included.
    """
    lines = keras.Input((None, features), dtype="float32", name="lines")
    real = ops.any(ops.not_equal(lines, 0), axis=-1)
    x, real = (_of_paper if kind == "paper" else _of_ink)(config, lines, real)
    x = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        bidirectional=True,
        dropout=config.layer_dropout,
        input_dropout=config.layer_dropout,
        name="recurrent",
    )(x, mask=real)
    x = layers.Dropout(config.output_dropout)(x)
    logits = layers.Dense(characters, dtype="float32", name="characters")(x)
    return keras.Model(lines, BlankPadding(name="blank_padding")(logits, real), name="handwriting")


def _of_ink(config: ModelConfig, x, real):
    """One convolution over points, which halves their number."""
    x = layers.Conv1D(
        config.filters, config.width, strides=2, padding="same", activation="relu", name="strokes"
    )(x)
    return x, real[:, ::2]


def _of_paper(config: ModelConfig, lines, real):
    """Four convolutions over pixels, which divide the width by 4 and the height by 16."""
    # Keras's convolution knows no mask: padding is zero before each, as beyond the ends.
    x = lines[:, :, :, None]
    for number, factor in enumerate((1, 2, 4, 4), start=1):
        x = layers.Conv2D(
            config.filters * factor // 4, 3, padding="same", use_bias=False, name=f"convolution_{number}"
        )(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"batch_normalisation_{number}")(x)
        x = layers.ReLU()(x)
        along = 2 if number <= 2 else 1
        x = layers.MaxPooling2D((along, 2))(x)
        real = real[:, ::along]
        x = x * ops.cast(real, x.dtype)[:, :, None, None]
    return layers.Reshape((-1, x.shape[2] * x.shape[3]), name="columns")(x), real
