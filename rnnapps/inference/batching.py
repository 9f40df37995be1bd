"""Batches of few sizes: a network is compiled once for each."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def compiled_size(rows: int, sizes: Sequence[int]) -> int:
    """The smallest of the sizes, in ascending order, that holds so many rows, or the largest."""
    return next((size for size in sizes if size >= rows), sizes[-1])


def in_batches(rows: Any, sizes: Sequence[int]) -> Iterator[tuple[Any, int]]:
    """Parts of the rows of a sequence or an array, in order, each with the compiled size that it is to
    be filled up to.
    """
    done = 0
    while done < len(rows):
        size = compiled_size(len(rows) - done, sizes)
        yield rows[done : done + size], size
        done += size


def filled(array: np.ndarray, size: int) -> np.ndarray:
    """The array with copies of its last row behind it, up to `size` rows."""
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
