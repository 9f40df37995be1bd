"""EfficientNet-Lite0: EfficientNet-B0 with ReLU6 for swish and without squeeze-and-excitation.

The network is table 1 of Tan and Le (2019), "EfficientNet: Rethinking Model Scaling for Convolutional
Neural Networks", https://arxiv.org/abs/1905.11946; its blocks are the inverted residuals of Sandler et
al. (2018), "MobileNetV2: Inverted Residuals and Linear Bottlenecks", https://arxiv.org/abs/1801.04381.
The two changes are those of https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
"""

from typing import NamedTuple

import keras
from keras import layers

PICTURE_SIZE = 224  # pixels, rows and columns


class Stage(NamedTuple):
    """Blocks of the same width, of which only the first has strides."""

    blocks: int
    kernel_size: int
    strides: int
    expansion: int
    filters: int


STAGES = (
    Stage(blocks=1, kernel_size=3, strides=1, expansion=1, filters=16),
    Stage(blocks=2, kernel_size=3, strides=2, expansion=6, filters=24),
    Stage(blocks=2, kernel_size=5, strides=2, expansion=6, filters=40),
    Stage(blocks=3, kernel_size=3, strides=2, expansion=6, filters=80),
    Stage(blocks=3, kernel_size=5, strides=1, expansion=6, filters=112),
    Stage(blocks=4, kernel_size=5, strides=2, expansion=6, filters=192),
    Stage(blocks=1, kernel_size=3, strides=1, expansion=6, filters=320),
)


def efficientnet_lite0(classes: int | None = None) -> keras.Model:
    """The network, with random weights.

    Input: pixels from 0 to 255, float32 `(batch, 224, 224, 3)`; they are normalised within.
    Output: what the last convolution says of each place, `(batch, 7, 7, 1280)`, from 0 to 6; or with
    `classes` the logits `(batch, classes)` of a classifier on its mean over the places.
    """
    pixels = keras.Input((PICTURE_SIZE, PICTURE_SIZE, 3), name="pixels")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="normalisation")(pixels)
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = _normalise(x, "stem", relu=True)
    for number, stage in enumerate(STAGES, start=1):
        x = _inverted_residual(x, stage, stage.strides, f"stage{number}_block1")
        for block in range(2, stage.blocks + 1):
            x = layers.add([x, _inverted_residual(x, stage, 1, f"stage{number}_block{block}")])
    x = layers.Conv2D(1280, 1, use_bias=False, name="head")(x)
    x = _normalise(x, "head", relu=True)
    if classes is not None:
        x = layers.GlobalAveragePooling2D(name="pooling")(x)
        x = layers.Dense(classes, name="logits")(x)
    return keras.Model(pixels, x, name="efficientnet_lite0")


def _inverted_residual(x, stage: Stage, strides: int, name: str):
    """Expand the channels, convolve each by itself, project them: `(batch, rows, columns, filters)`."""
    if stage.expansion > 1:
        expanded = stage.expansion * x.shape[-1]
        x = layers.Conv2D(expanded, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _normalise(x, f"{name}_expand", relu=True)
    x = layers.DepthwiseConv2D(
        stage.kernel_size, strides=strides, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _normalise(x, f"{name}_depthwise", relu=True)
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project")(x)
    return _normalise(x, f"{name}_project", relu=False)


def _normalise(x, name: str, relu: bool):
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_normalisation")(x)
    return layers.ReLU(max_value=6, name=f"{name}_relu6")(x) if relu else x
