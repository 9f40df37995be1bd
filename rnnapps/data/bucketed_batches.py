"""Sequences of unequal length as padded batches."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

POOL = 50  # batches among whose rows those of similar length are put together


def padded_length(length: int) -> int:
    """The length that a sequence is padded to: 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, ...

    Few different lengths mean few compilations; less than half of a row is padding.
    """
    if length <= 32:
        return max(8, -(-length // 8) * 8)
    power = 1 << (length - 1).bit_length()
    return power * 3 // 4 if length <= power * 3 // 4 else power


def pad(sequences: Sequence[np.ndarray], length: int | None = None) -> np.ndarray:
    """Right-pad int sequences with 0, to int32 `(batch, length)`: `padded_length` of the longest."""
    if length is None:
        length = padded_length(max(map(len, sequences)))
    padded = np.zeros((len(sequences), length), dtype="int32")
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


class BucketedBatches:
    """Batches of sequences of similar length, in an order that (seed, epoch) determines.

    Args:
        sequences: int ids, each `(time,)`, none empty; of a subclass tuples or lists of such.
        batch_size: rows of a batch; one batch may have fewer.
        seed: of the order of rows and batches.
        resample: gives the sequences anew for an epoch, in the same order (see `BPEDropout`).
    """

    def __init__(
        self,
        sequences: Sequence[Any],
        batch_size: int,
        seed: int = 0,
        resample: Callable[[int], Sequence[Any]] | None = None,
    ):
        self.sequences = sequences
        self.batch_size = batch_size
        self.seed = seed
        self.resample = resample

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.sequences) // self.batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple]:
        """Yield the batches `(x, y)` or `(x, y, weights)` of an epoch, from step `start` on."""
        random = np.random.default_rng((self.seed, epoch))
        sequences = self.resample(epoch) if self.resample else self.sequences
        rows = random.permutation(len(sequences))
        # Sorting pools of batches, and not all rows, lets a row meet other neighbours in every epoch.
        pool = POOL * self.batch_size
        for first in range(0, len(rows), pool):
            rows[first : first + pool] = self._by_length(sequences, rows[first : first + pool])
        for step in random.permutation(len(self))[start:]:
            yield self._batch(sequences, rows[step * self.batch_size : (step + 1) * self.batch_size])

    def in_order_of_length(self) -> Iterator[tuple]:
        """Yield every row once, shortest first: for validation."""
        rows = self._by_length(self.sequences, np.arange(len(self.sequences)))
        for start in range(0, len(rows), self.batch_size):
            yield self._batch(self.sequences, rows[start : start + self.batch_size])

    def extremes(self) -> tuple[tuple, tuple]:
        """The batches of the shortest and of the longest rows."""
        rows = self._by_length(self.sequences, np.arange(len(self.sequences)))
        return (
            self._batch(self.sequences, rows[: self.batch_size]),
            self._batch(self.sequences, rows[-self.batch_size :]),
        )

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of."""
        yield from self.sequences

    def _batch(self, sequences: Sequence[Any], rows: np.ndarray) -> tuple:
        raise NotImplementedError  # what a batch is, its kind knows

    def _by_length(self, sequences: Sequence[Any], rows: np.ndarray) -> np.ndarray:
        """Sort row numbers by padded length; rows of one length keep their order."""
        lengths = np.array([self._padded_length(sequences[row]) for row in rows])
        return rows[np.argsort(lengths, kind="stable")]

    def _padded_length(self, sequence: Any) -> int:
        return padded_length(len(sequence))
