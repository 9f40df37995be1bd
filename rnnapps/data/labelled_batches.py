"""Sequences with a target each as padded batches."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rnnapps.data.bucketed_batches import BucketedBatches, pad


class LabelledBatches(BucketedBatches):
    """Batches `(x, y)` or `(x, y, weights)` of sequences of similar length.

    x is int32 `(batch, time)`, right-padded with 0; y has the rows of `targets`.

    Args:
        sequences: int ids, each `(time,)`, none empty.
        targets: float32 `(rows, classes)`, or any array with a row for each sequence.
        batch_size: rows of a batch; one batch may have fewer.
        seed: of the order of rows and batches.
        weights: weight of each row in the loss, float32 `(rows,)`.
        resample: gives the sequences anew for an epoch, in the same order (see `BPEDropout`).
    """

    def __init__(
        self,
        sequences: Sequence[np.ndarray],
        targets: np.ndarray,
        batch_size: int,
        seed: int = 0,
        weights: np.ndarray | None = None,
        resample: Callable[[int], Sequence[np.ndarray]] | None = None,
    ):
        super().__init__(sequences, batch_size, seed, resample)
        self.targets = targets
        self.weights = weights

    def arrays(self) -> Iterator[np.ndarray]:
        yield from self.sequences
        yield self.targets

    def _batch(self, sequences: Sequence[np.ndarray], rows: np.ndarray) -> tuple:
        x = pad([sequences[row] for row in rows])
        if self.weights is None:
            return x, self.targets[rows]
        return x, self.targets[rows], self.weights[rows]
