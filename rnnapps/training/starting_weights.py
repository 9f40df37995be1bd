"""The weights of a trained bundle as the start of a new training."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from rnnapps import bundle
from rnnapps.errors import UserError

if TYPE_CHECKING:
    from rnnapps.data.text.alphabet import Alphabet


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


def copy_characters(
    source: keras.Model, model: keras.Model, known: "Alphabet", alphabet: "Alphabet"
) -> None:
    """Give the layer `characters` of a network what another's knows of the characters of both.

    Args:
        source: the network that knows them.
        model: the new network, which keeps its own weights of new characters.
        known: the alphabet of the first.
        alphabet: that of the second.
    """
    ids = {character: number for number, character in enumerate(known.characters, start=1)}
    pairs = [(0, 0)]  # the blank
    pairs += [(ids[one], n) for n, one in enumerate(alphabet.characters, start=1) if one in ids]
    old, new = (list(some) for some in zip(*pairs, strict=True))
    layer = model.get_layer("characters")
    weights = layer.get_weights()
    for theirs, ours in zip(source.get_layer("characters").get_weights(), weights, strict=True):
        ours[..., new] = theirs[..., old]
    layer.set_weights(weights)


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
