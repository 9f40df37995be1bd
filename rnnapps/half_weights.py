"""Weights that a bundle stores in float16, in half the space."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.network_file import WEIGHTS

if TYPE_CHECKING:
    import keras


def round_weights(model: "keras.Model") -> None:
    """Round the float32 weights of a network to numbers of float16, in place.

    What is beyond them (65,504) leaves its array as it is.
    """
    for variable in model.weights:
        if variable.dtype == "float32":
            rounded = _rounded(variable.numpy())
            if np.isfinite(rounded).all():
                variable.assign(rounded.astype("float32"))


def store_in_half(file: Path) -> None:
    """Rewrite a `.keras` file with those arrays in float16 that lose nothing by it.

    Keras reads the same values from it.
    """
    import h5py

    with zipfile.ZipFile(file) as archive:
        entries = {entry: archive.read(entry) for entry in archive.infolist()}
    (weights,) = (entry for entry in entries if entry.filename == WEIGHTS)
    stored = io.BytesIO()
    with h5py.File(io.BytesIO(entries[weights])) as before, h5py.File(stored, "w") as after:

        def copy(name: str, node: Any) -> None:
            if isinstance(node, h5py.Dataset):
                made: Any = after.create_dataset(name, data=_halved(node[()]))
            else:
                made = after.require_group(name)
            made.attrs.update(node.attrs)

        after.attrs.update(before.attrs)
        before.visititems(copy)
    with zipfile.ZipFile(file, "w") as archive:
        for entry, content in (entries | {weights: stored.getvalue()}).items():
            archive.writestr(entry, content)


def _halved(array: Any) -> Any:
    """The array in float16, or as it is where that would change a number."""
    if getattr(array, "dtype", None) != np.float32:
        return array
    half = _rounded(array)
    return half if np.array_equal(half, array) else array


def _rounded(array: np.ndarray) -> np.ndarray:
    """In float16; what is beyond it is infinite."""
    with np.errstate(over="ignore"):
        return array.astype("float16")
