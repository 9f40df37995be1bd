"""The options that every source of examples has."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceConfig:
    """Where the examples come from."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), or the path of your own data"""
    skip_bad: bool = False
    """leave out bad examples and count them, instead of stopping at the first"""
    download: bool = False
    """let tfds:NAME fetch and prepare a data set that is not on this machine"""
    tfds_folder: str | None = None
    """folder of TensorFlow Datasets (its own default: ~/tensorflow_datasets)"""

    def __post_init__(self):
        object.__setattr__(self, "data", os.fspath(self.data))  # from Python it may be a Path


def embedded_name(data: str, names: tuple[str, ...]) -> str | None:
    """Which of several embedded data sets `--data` means, the first by default.

    It is "" of a name that there is not, and None of a path or a set of TensorFlow Datasets.
    """
    kind, divider, name = data.partition(":")
    if kind != "embedded":
        return None
    name = name if divider else names[0]
    return name if name in names else ""
