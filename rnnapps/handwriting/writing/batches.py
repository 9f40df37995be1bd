"""Ink with its texts as padded batches for teacher forcing."""

from collections.abc import Iterator, Sequence

import numpy as np

from rnnapps.data.bucketed_batches import BucketedBatches, pad, padded_length


class WriterBatches(BucketedBatches):
    """Batches `((steps, characters), targets, weights)` of lines of similar length.

    Steps of the pen float32 `(batch, time, 3)`, dx, dy, lift, from the first to the last but one;
    characters int32 `(batch, positions)`, padded with 0, of one length in all batches, so that few
    shapes are compiled; targets, the steps that follow, as steps; weights float32 `(batch, time)`, 1 at
    the steps of a line and 0 at its padding, which is zeros.

    Args:
        lines: of each line its offsets float32 `(steps, 3)`, at least two, and the ids of its
            characters int32 `(characters,)`.
        batch_size: lines of a batch.
        seed: of the order of lines and batches.
    """

    def __init__(self, lines: Sequence[tuple[np.ndarray, np.ndarray]], batch_size: int, seed: int = 0):
        super().__init__(lines, batch_size, seed)
        self.positions = padded_length(max(len(characters) for _, characters in lines))

    def arrays(self) -> Iterator[np.ndarray]:
        for line in self.sequences:
            yield from line

    def batch(self, rows: np.ndarray) -> tuple:
        """The batch of these rows, in their order."""
        return self._batch(self.sequences, rows)

    def _batch(self, sequences, rows) -> tuple:
        lines = [sequences[row] for row in rows]
        length = max(map(self._padded_length, lines))
        steps = np.zeros((len(lines), length + 1, 3), "float32")
        weights = np.zeros((len(lines), length), "float32")
        for number, (offsets, _) in enumerate(lines):
            steps[number, : len(offsets)] = offsets
            weights[number, : len(offsets) - 1] = 1
        # The last step of a line, which nothing follows, is read but weighs nothing.
        characters = pad([characters for _, characters in lines], self.positions)
        return (steps[:, :-1], characters), steps[:, 1:], weights

    def _padded_length(self, line) -> int:
        return padded_length(len(line[0]) - 1)
