"""A network from a `.keras` file that anyone may have made."""

import math
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.errors import brief
from rnnapps.json_files import LARGEST, parse_json

if TYPE_CHECKING:
    import keras

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
EXPANSION = 10  # times its size that a file may unpack to: Keras compresses nothing
DEEPEST = 64  # of a description; TensorFlow ends the process for lists of more than 254 levels

# What the integers of a network's description may be at most. Those that count weights are limited by
# the weights of the file too; of some others, time or memory follow although they have none.
LARGEST_NUMBER = 2_000_000
LARGEST_OF = {
    "depth": 64,
    "mels": 1_000,
    "sampling_rate": 1_000_000,
    "frame_seconds": 1,
    "hop_seconds": 1,
    "seed": 2**64,
    "shared_object_id": 2**64,
}


def read_network(file: Path) -> "keras.Model":
    """Build the network of a `.keras` file in Keras's safe mode (no pickle, no code), with its weights.

    Time and memory are bounded by the size of the file: all is checked before a weight is made. Keras
    must be loaded, and the layers of rnnapps with it.

    Raises:
        Exception: of any kind: the file is damaged, or has not the weights of the network it describes.
    """
    about = file.stat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("it is no plain file")
    most = EXPANSION * about.st_size
    with zipfile.ZipFile(file) as archive:
        if not {CONFIG, WEIGHTS} <= set(archive.namelist()):
            raise ValueError(f"it has no {CONFIG} or no {WEIGHTS}")
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if archive.getinfo(CONFIG).file_size > LARGEST or unpacked > most:
            raise ValueError("it unpacks to more than a network has")
        if damaged := archive.testzip():
            raise ValueError(f"its entry {damaged} is damaged")
        config = parse_json(archive.read(CONFIG), CONFIG)
        stored = _stored_numbers(archive, most)
    if not isinstance(config, dict):
        raise ValueError(f"{CONFIG} describes no network")
    for name, number in _numbers(config):
        others = max(LARGEST_NUMBER, stored) if isinstance(number, int) else math.inf
        if not abs(number) <= LARGEST_OF.get(name, others):
            raise ValueError(f"{CONFIG} has {number:.3g} for '{brief(name, 40)}'")
    config["compile_config"] = None  # an optimizer is not needed
    model = _build(config, stored)
    model.load_weights(file)
    if not all(np.isfinite(array).all() for array in model.get_weights()):
        raise ValueError("its weights are not all numbers")
    return model


def _build(config: dict[str, Any], stored: int) -> "keras.Model":
    """The network with its variables, of which it may not have more than are stored."""
    import keras
    from keras.src.backend.common import global_state

    # Variables that are made within the scope get their values when it ends: a shape costs no memory.
    variables = _Variables(stored)
    with keras.StatelessScope(initialize_variables=False):
        before = global_state.get_global_attribute("uninitialized_variables")
        global_state.set_global_attribute("uninitialized_variables", variables)
        try:
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        except BaseException:
            global_state.set_global_attribute("uninitialized_variables", before)
            raise
    with keras.StatelessScope():
        pass  # now
    if not isinstance(model, keras.Model):
        raise ValueError(f"{CONFIG} describes no network")
    return model


class _Variables(list):
    """The variables that a network makes, as long as all of their numbers may be stored."""

    def __init__(self, stored: int):
        super().__init__()
        self._left = 2 * stored + LARGEST_NUMBER  # some are shared, or not stored

    def append(self, variable: Any) -> None:
        self._left -= math.prod(variable.shape)
        if self._left < 0:
            raise ValueError("its network has more weights than the file")
        super().append(variable)


def _stored_numbers(archive: zipfile.ZipFile, most: int) -> int:
    """How many numbers the weights have, whose datasets may not be larger than `most` bytes in all."""
    import h5py

    datasets: list[h5py.Dataset] = []

    def add(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            datasets.append(node)

    with archive.open(WEIGHTS) as stream, h5py.File(stream, "r") as content:
        content.visititems(add)
        if sum(dataset.size * dataset.dtype.itemsize for dataset in datasets) > most:
            raise ValueError("its weights unpack to more than they are")
        return sum(dataset.size for dataset in datasets)


def _numbers(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, int | float]]:
    """Every number of a description, with the name that it stands under."""
    if depth > DEEPEST:
        raise ValueError(f"{CONFIG} is nested too deep")
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, key, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, name, depth + 1)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, value
