"""What a training needs of its batches, whatever kind of data they hold."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np


class Batches(Protocol):
    """Batches `(x, y)` or `(x, y, weights)`, in an order that (seed, epoch, step) determines.

    x, y and weights are NumPy arrays, or tuples of them, with one row for each example.
    """

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Any, ...]]:
        """Yield the batches of an epoch, from step `start` on."""
        ...

    def in_order_of_length(self) -> Iterator[tuple[Any, ...]]:
        """Yield every example once, as it is, shortest first: for validation."""
        ...

    def extremes(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The batches of the shortest and of the longest examples, on which a step is compiled."""
        ...

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of: two trainings on the same arrays are on the same data."""
        ...
