"""Sequences of features or of samples with the characters that they stand for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from rnnapps.data.bucketed_batches import BucketedBatches, pad

STEP, CHARACTERS = 64, 32  # whose multiples lengths are filled up to


class CTCBatches(BucketedBatches):
    """Batches `(x, y)` of sequences of similar length, for CTC.

    x is float32 `(batch, time, features)`, or `(batch, time)` of samples, filled up with zeros to a
    multiple of `step`. y is int32 `(batch, length)`, the characters, filled up with 0 to a multiple of
    32. The next batch is made while the last one is trained on.

    Args:
        sequences: what the features are made of, as it was read: arrays.
        targets: ids of characters of each, int32 `(length,)`.
        batch_size: rows of a batch; one batch may have fewer.
        features: makes float32 `(time, features)`, or `(time,)`, of one of `sequences`; by what of it is
            zero the network tells padding.
        shrink: steps of features to a frame of the network.
        augment: changes one of `sequences` in an epoch: called with it and a random generator. One that
            would have too few frames for its characters then stays as it is.
        seed: of the order and the changes.
        idle: frames of each sequence in which there are no characters.
        step: multiples of which the time is filled up to: few, as the network is compiled for each.
    """

    def __init__(
        self,
        sequences: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        batch_size: int,
        features: Callable[[Any], np.ndarray],
        shrink: int,
        augment: Callable[[Any, np.random.Generator], np.ndarray] | None = None,
        seed: int = 0,
        idle: int = 0,
        step: int = STEP,
    ):
        super().__init__(sequences, batch_size, seed, self._changed)
        self.targets = targets
        self.features = features
        self.shrink = shrink
        self.augment = augment
        self.idle = idle
        self.step = step
        self.lengths = np.array([len(features(sequence)) for sequence in sequences])

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple]:
        batches = super().epoch(epoch, start)
        with ThreadPoolExecutor(1) as thread:
            following = thread.submit(next, batches, None)
            while (batch := following.result()) is not None:
                following = thread.submit(next, batches, None)
                yield batch

    def arrays(self) -> Iterator[np.ndarray]:
        yield from self.sequences
        yield from self.targets

    def _changed(self, epoch: int) -> Any:
        if self.augment is None:
            return self.sequences
        return _Changed(self.sequences, self.augment, (self.seed, epoch))

    def _batch(self, sequences: Any, rows: np.ndarray) -> tuple:
        targets = [self.targets[row] for row in rows]
        features = [self.features(sequences[row]) for row in rows]
        for place, (row, target) in enumerate(zip(rows, targets, strict=True)):
            if frames_needed(target) + self.idle > -(-len(features[place]) // self.shrink):
                features[place] = self.features(self.sequences[row])
        time, length = (
            -(-max(map(len, some)) // step) * step
            for some, step in ((features, self.step), (targets, CHARACTERS))
        )
        length = max(length, CHARACTERS)  # characters that are all unknown are none
        x = np.zeros((len(rows), time, *features[0].shape[1:]), "float32")
        for padded, some in zip(x, features, strict=True):
            padded[: len(some)] = some
        return x, pad(targets, length)

    def _by_length(self, sequences: Any, rows: np.ndarray) -> np.ndarray:
        # Of what was read: to know those of what it is changed to, all would have to be changed at once.
        return rows[np.argsort(self.lengths[rows], kind="stable")]


def frames_needed(characters: Sequence[Any] | np.ndarray) -> int:
    """The fewest frames that give a text under CTC: one a character, and one between two equal ones."""
    return len(characters) + sum(a == b for a, b in pairwise(characters))


class _Changed:
    """Sequences that are changed when they are asked for, each by its own random numbers."""

    def __init__(self, sequences: Sequence[Any], augment: Callable, seed: tuple[int, int]):
        self.sequences, self.augment, self.seed = sequences, augment, seed

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, row: int) -> Any:
        return self.augment(self.sequences[row], np.random.default_rng((*self.seed, row)))
