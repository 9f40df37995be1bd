"""Any image encoder by its name, with its weights.

Each takes pixels from 0 to 255, float32 `(batch, rows, columns, 3)` of the size that its `input_shape`
says, and gives a grid of features `(batch, grid rows, grid columns, channels)`.
"""

import hashlib
import io
import sys
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

from rnnapps.encoders.efficientnet_lite0 import efficientnet_lite0
from rnnapps.errors import UsageError, UserError

IMAGENET = "imagenet"
SHIPPED = Path(__file__).parent / "weights" / "efficientnet_lite0.npz"
SHIPPED_SHA256 = "cf0755865b4ea7cf840d26486dbc583db86534e410518c255818175390ec061c"


def build(name: str, weights: str | Path | None = IMAGENET) -> keras.Model:
    """The encoder of a name.

    | name | pictures | grid | ImageNet weights |
    |---|---|---|---|
    | `efficientnet_lite0` | 224 x 224 | 7 x 7 x 1280 | shipped |
    | a class of `keras.applications`, as `MobileNetV2` | 224 x 224 | mostly 7 x 7 | fetched by Keras |
    | `small_cnn` | 64 x 64 | 8 x 8 x 128 | none: it starts from random ones |

    Args:
        name: of the encoder.
        weights: "imagenet"; a file that `save_weights` of the same network wrote, or that Keras
            publishes for it, without its top; or None for random ones.

    Raises:
        UsageError: no encoder has this name.
        UserError: the weights cannot be fetched or read, are damaged or of another network; the backend
            cannot run it.
    """
    pretrained = weights == IMAGENET
    if name == "efficientnet_lite0":
        encoder = efficientnet_lite0()
        if pretrained:
            encoder.set_weights(_shipped_weights())
    elif name == "small_cnn":
        encoder = small_cnn()
    elif name in (applications := _applications()):
        encoder = _application(name, pretrained)
    else:
        raise UsageError(
            f"--encoder must be efficientnet_lite0, small_cnn or one of keras.applications "
            f"({', '.join(applications)}), got {name}"
        )
    if weights is not None and not pretrained:
        _load(encoder, Path(weights), name)
    return encoder


def small_cnn() -> keras.Model:
    """A small convolutional network for small pictures, with random weights.

    Pairs of 3 x 3 convolutions, as in Simonyan and Zisserman (2015), "Very Deep Convolutional Networks
    for Large-Scale Image Recognition", https://arxiv.org/abs/1409.1556, but with strides for its pooling
    and with batch normalisation.

    Input: pixels from 0 to 255, float32 `(batch, 64, 64, 3)`. Output: `(batch, 8, 8, 128)`.
    """
    pixels = keras.Input((64, 64, 3), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    for filters in (32, 64, 128):
        for strides in (2, 1):
            x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
    return keras.Model(pixels, x, name="small_cnn")


def _shipped_weights() -> list[np.ndarray]:
    """The weights of `efficientnet_lite0`, float16, in its order."""
    content = SHIPPED.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHIPPED_SHA256:
        raise UserError(f"{SHIPPED}: damaged (its SHA-256 differs): install rnnapps again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return list(arrays.values())


def _applications() -> list[str]:
    return [name for name in dir(keras.applications) if name[0].isupper()]  # the others are modules


def _application(name: str, pretrained: bool) -> keras.Model:
    """A network of `keras.applications` without its top, with its normalisation of the pixels."""
    application = getattr(keras.applications, name)
    preprocess_input = sys.modules[application.__module__].preprocess_input
    shape = (224, 224, 3)
    pixels = keras.Input(shape, name="pixels")
    try:
        network = application(
            include_top=False,
            weights=IMAGENET if pretrained else None,
            input_tensor=preprocess_input(pixels),
            input_shape=shape,
        )
    except ValueError as error:  # the backend cannot run it
        raise UserError(f"--encoder {name}: {_first_line(error)}") from error
    except Exception as error:  # Keras raises one of no class of its own when it cannot fetch
        raise UserError(
            f"--encoder {name}: its ImageNet weights cannot be fetched ({_first_line(error)}): fetch "
            f"the file on another machine and give it with --encoder-weights"
        ) from error
    return keras.Model(pixels, network.output, name=name)


def _load(encoder: keras.Model, file: Path, name: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of a layer that the file has no weights for
            encoder.load_weights(file)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, UserWarning) as error:
        raise UserError(
            f"{file}: not weights of {name} ({_first_line(error)}): give --encoder-weights a file that "
            f"its save_weights wrote"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
