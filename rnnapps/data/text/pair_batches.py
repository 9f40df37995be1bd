"""Sentences with their translations as padded batches for teacher forcing."""

from collections.abc import Iterator

import numpy as np

from rnnapps.data.bucketed_batches import BucketedBatches, pad, padded_length
from rnnapps.data.text.sentence_encoder import START


class PairBatches(BucketedBatches):
    """Batches `((source, tokens), targets, weights)` of pairs of similar length.

    All four are `(batch, time)`, of one length, so that few lengths are compiled: source, tokens (the
    start token and the target without its end) and targets int32, padded with 0; weights float32, 1 at
    the tokens of the target and 0 at its padding.
    A sequence is such a pair: a source and a target, int ids `(time,)` each, with their end tokens.
    """

    def arrays(self) -> Iterator[np.ndarray]:
        for pair in self.sequences:
            yield from pair

    def _batch(self, sequences, rows) -> tuple:
        pairs = [sequences[row] for row in rows]
        length = max(map(self._padded_length, pairs))
        return teacher_forced(
            pad([source for source, _ in pairs], length), pad([target for _, target in pairs], length)
        )

    def _padded_length(self, pair) -> int:
        """8, 12, 16, ..., 32, 48, 64, ...: sentences are short, and padding costs what they do."""
        longest = max(map(len, pair))
        return max(8, -(-longest // 4) * 4) if longest <= 32 else padded_length(longest)


def teacher_forced(source: np.ndarray, targets: np.ndarray) -> tuple:
    """The batch of padded sources and targets, int32 `(batch, time)` each."""
    tokens = np.roll(targets, 1, axis=1)
    tokens[:, 0] = START
    # The end token, which nothing follows, is not read either: no real step sees what is read there.
    return (source, tokens), targets, (targets > 0).astype("float32")
