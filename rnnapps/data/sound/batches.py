"""Sound clips with a target each as batches of one length."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnnapps.data.sound.augmentation import SoundAugmentation
from rnnapps.data.sound.window import sound_window


class SoundBatches:
    """Batches `(x, y)` of clips, in an order and with changes that (seed, epoch, step) determine.

    x is float32 `(batch, length)`, y has the rows of `targets`. Every batch of an epoch has the same
    shape, so that a network is compiled once: rows that are left over wait for another epoch, in which
    others are left over. The next batch is made while the last one is trained on.

    Args:
        sequences: clips of any length, floats `(time,)`.
        targets: float32 `(rows, classes)`, or any array with a row for each clip.
        batch_size: rows of a batch; one of fewer, if there are fewer rows in all.
        length: samples of each row (`rnnapps.data.sound.window`).
        seed: of the order.
        augmentation: changes the clips of an epoch, but not those of `in_order_of_length`.
    """

    def __init__(
        self,
        sequences: Sequence[np.ndarray],
        targets: np.ndarray,
        batch_size: int,
        length: int,
        seed: int = 0,
        augmentation: SoundAugmentation | None = None,
    ):
        self.sequences = sequences
        self.targets = targets
        self.batch_size = min(batch_size, len(sequences))
        self.length = length
        self.seed = seed
        self.augmentation = augmentation

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.sequences) // self.batch_size

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the batches of an epoch, from step `start` on."""
        if start >= len(self):
            return
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.sequences))

        def make(step: int) -> tuple[np.ndarray, np.ndarray]:
            rows = order[step * self.batch_size : (step + 1) * self.batch_size]
            return self._batch(rows, lambda row: self._changed(row, epoch))

        with ThreadPoolExecutor(1) as thread:
            following = thread.submit(make, start)
            for step in range(start, len(self)):
                batch = following.result()
                if step + 1 < len(self):
                    following = thread.submit(make, step + 1)
                yield batch

    def in_order_of_length(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield every row once, unchanged, in order (all have one length): for validation."""
        for start in range(0, len(self.sequences), self.batch_size):
            rows = np.arange(start, min(start + self.batch_size, len(self.sequences)))
            yield self._batch(rows, self._window)

    def extremes(self) -> tuple[tuple, tuple]:
        """The same batch twice: there is only one shape."""
        batch = self._batch(np.arange(self.batch_size), self._window)
        return batch, batch

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of."""
        yield from self.sequences
        yield self.targets

    def _batch(
        self, rows: np.ndarray, clip: Callable[[int], np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([clip(int(row)) for row in rows]), self.targets[rows]

    def _window(self, row: int) -> np.ndarray:
        return sound_window(self.sequences[row], self.length)

    def _changed(self, row: int, epoch: int) -> np.ndarray:
        if self.augmentation is None:
            return self._window(row)
        return self.augmentation(self.sequences[row], epoch, row)
