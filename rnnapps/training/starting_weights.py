"""The weights of a trained bundle as the start of a new training."""

from collections.abc import Collection
from pathlib import Path

import keras

from rnnapps import bundle
from rnnapps.errors import UserError


def copy_weights(path: Path, model: keras.Model, anew: Collection[str] = ()) -> None:
    """Give a network the weights of a checked bundle's, layer by layer of the same name.

    Args:
        path: of the bundle.
        model: the new network.
        anew: names of layers that keep their own.

    Raises:
        UserError: the bundle's network lacks a layer, or has one of another shape.
    """
    source = bundle.load_model(path)
    for layer in model.layers:
        if not layer.weights or layer.name in anew:
            continue
        try:
            layer.set_weights(source.get_layer(layer.name).get_weights())
        except ValueError:
            raise UserError(
                f"{path}: its layer '{layer.name}' is missing or of another shape: give the flags "
                f"of the network that are in its {bundle.CONFIG}"
            ) from None
