"""Pictures with their captions as padded batches for teacher forcing."""

from collections.abc import Iterator, Sequence

import numpy as np

from rnnapps.data.bucketed_batches import BucketedBatches, pad
from rnnapps.data.text.sentence_encoder import START


class CaptionBatches(BucketedBatches):
    """Batches `((inputs, tokens), targets, weights)` of pictures with captions of similar length.

    `inputs` are those of the pictures, `(pictures, ...)`. The rest are those of their captions,
    `(pictures * per_picture, time)`, the captions of a picture one after the other, so that what is made
    of a picture is made once for all of them: tokens (the start token and the caption without its end)
    and targets int32, padded with 0; weights float32, 1 at the tokens of a caption and 0 at its padding
    and at the token `ignored_id`. Pictures with more captions are resampled each epoch; one with fewer
    has empty ones of weight 0.

    Args:
        inputs: of the pictures, `(pictures, ...)`.
        captions: of each picture, int ids `(time,)` with their end tokens.
        per_picture: captions of a picture in a batch.
        batch_size: pictures of a batch.
        seed: of the order of pictures and batches, and of the captions drawn.
        ignored_id: a token that is read but has no weight as a target, so that it is never written.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        captions: Sequence[Sequence[np.ndarray]],
        per_picture: int,
        batch_size: int,
        seed: int = 0,
        ignored_id: int | None = None,
    ):
        super().__init__(captions, batch_size, seed, resample=self._draw)
        self.inputs = inputs
        self.per_picture = per_picture
        self.ignored_id = ignored_id

    def arrays(self) -> Iterator[np.ndarray]:
        yield self.inputs
        for captions in self.sequences:
            yield from captions

    def _draw(self, epoch: int) -> list[Sequence[np.ndarray]]:
        """The captions of each picture in an epoch."""
        random, number = np.random.default_rng((self.seed, epoch, 1)), self.per_picture
        return [
            captions
            if len(captions) <= number
            else [captions[place] for place in random.permutation(len(captions))[:number]]
            for captions in self.sequences
        ]

    def _batch(self, sequences, rows) -> tuple:
        captions = [sequences[row][: self.per_picture] for row in rows]
        length = max(map(self._padded_length, captions))
        nothing = np.zeros(0, "int32")
        filled = [[*some, *[nothing] * (self.per_picture - len(some))] for some in captions]
        targets = pad([caption for some in filled for caption in some], length)
        tokens = np.roll(targets, 1, axis=1)
        tokens[:, 0] = START
        weights = targets > 0
        if self.ignored_id is not None:
            weights &= targets != self.ignored_id
        return (self.inputs[rows], tokens), targets, weights.astype("float32")

    def _padded_length(self, captions) -> int:
        longest = max(map(len, captions[: self.per_picture]))
        return max(8, -(-longest // 4) * 4)
