"""The weights of a trained bundle as the start of a new training."""

from collections.abc import Collection
from pathlib import Path

import keras
import numpy as np

from rnnapps import bundle
from rnnapps.errors import UserError


def copy_weights(
    path: Path, source: keras.Model, model: keras.Model, reinitialise: Collection[str] = ()
) -> None:
    """Give a network the weights of a bundle's, layer by layer of the same name.

    Args:
        path: of the bundle, for errors.
        source: its network.
        model: the new network.
        reinitialise: names of layers that keep their own.

    Raises:
        UserError: the bundle's network lacks a layer, or has one of another shape.
    """
    for layer in model.layers:
        if not layer.weights or layer.name in reinitialise:
            continue
        try:
            layer.set_weights(_weights(source.get_layer(layer.name)))
        except ValueError:
            raise other_network(path, layer.name) from None


def other_network(path: Path, layer: str) -> UserError:
    """The error of a bundle that a network cannot start from, because of a layer."""
    return UserError(
        f"{path}: its layer '{layer}' is missing or of another shape: give the flags of the network "
        f"that are in its {bundle.CONFIG}"
    )


def _weights(layer: keras.Layer) -> list[np.ndarray]:
    """The weights of a layer; an embedding in 8 bits gives the numbers that it stands for."""
    if not isinstance(layer, keras.layers.Embedding) or layer.quantization_mode is None:
        return layer.get_weights()
    values, scales = layer.get_weights()
    return [values / scales[:, None]]
