"""Documents side by side in lanes, a piece of each in a batch."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rnnapps.data.bucketed_batches import POOL
from rnnapps.data.text.documents import Documents, encode_documents
from rnnapps.data.text.piece_config import PieceConfig
from rnnapps.data.text.token_encoder import END, TokenEncoder

log = logging.getLogger(__name__)

MULTIPLE = 8  # of which the length of every piece is one: few lengths mean few compilations
VARIATION = (0.75, 1.0, 1.25)  # of the length of a piece, drawn for each batch
PARTS = 4  # of a lane's tokens: a longer document is divided, so that the lanes end together


class Part(NamedTuple):
    """Tokens of one document, from `start` on: its inputs are one token behind its targets."""

    inputs: np.ndarray
    targets: np.ndarray


class LaneBatches:
    """Batches `((tokens, starts), targets, weights)` for truncated backpropagation through time.

    Each row of a batch is a lane. What a lane has in one batch goes on in the next, where the network
    is to carry its state on; `starts` tells the rows in which something new begins. A document begins
    with the end token as its first input. tokens and targets are int32 `(lanes, time)`, padded with 0
    where a document ends, starts is bool `(lanes,)`, weights float32 `(lanes, time)`.

    The order of the documents, the length of the pieces and where a long document is divided depend on
    (seed, epoch).

    Args:
        documents: int32 ids `(time,)` of each, none empty.
        lanes: rows of a batch.
        steps: tokens of a piece, in the mean; a multiple of 8.
        seed: of the order.
        vary: whether the pieces vary in length; the same places would be cut in every epoch.
    """

    def __init__(
        self,
        documents: Sequence[np.ndarray],
        lanes: int,
        steps: int,
        seed: int = 0,
        vary: bool = True,
    ):
        self.documents, self.lanes, self.steps, self.seed = documents, lanes, steps, seed
        self.lengths = sorted({self._multiple(steps * one) for one in (VARIATION if vary else (1.0,))})
        self._longest = max(-(-sum(map(len, documents)) // (lanes * PARTS)), 8 * steps)
        self._steps = sum(1 for _ in self._pieces(np.random.default_rng((seed, 0))))

    def __len__(self) -> int:
        """Batches of the first epoch; others have a few more or less."""
        return self._steps

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple]:
        """Yield the batches of an epoch, from step `start` on."""
        for step, batch in enumerate(self._pieces(np.random.default_rng((self.seed, epoch)))):
            if step >= start:
                yield batch

    def in_order_of_length(self) -> Iterator[tuple]:
        """Yield every token once: for validation."""
        yield from self._pieces(np.random.default_rng(self.seed))

    def extremes(self) -> tuple[tuple, tuple]:
        """Batches of the shortest and of the longest pieces."""
        shapes = ((self.lanes, length) for length in (MULTIPLE, self.lengths[-1]))
        shortest, longest = (
            (
                (np.full(shape, END, "int32"), np.ones(self.lanes, bool)),
                np.full(shape, END, "int32"),
                np.ones(shape, "float32"),
            )
            for shape in shapes
        )
        return shortest, longest

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of."""
        yield from self.documents

    def _pieces(self, random: np.random.Generator) -> Iterator[tuple]:
        waiting = self._parts(random)[::-1]
        lanes: list[Part | None] = [None] * self.lanes
        places = np.zeros(self.lanes, int)  # how far each lane is in its part
        while True:
            for lane in range(self.lanes):
                part = lanes[lane]
                if part is not None and places[lane] >= len(part.targets):
                    lanes[lane] = None
                if lanes[lane] is None and waiting:
                    lanes[lane], places[lane] = waiting.pop(), 0
            rest = [len(part.targets) - place for part, place in zip(lanes, places, strict=True) if part]
            if not rest:
                return
            length = min(random.choice(self.lengths), self._multiple(max(rest)))
            yield self._batch(lanes, places, length)
            places += length

    def _batch(self, lanes: list[Part | None], places: np.ndarray, length: int) -> tuple:
        tokens, targets = np.zeros((2, self.lanes, length), "int32")
        weights = np.zeros((self.lanes, length), "float32")
        for lane, (part, place) in enumerate(zip(lanes, places, strict=True)):
            if part is not None:
                some = slice(place, place + length)
                size = len(part.targets[some])
                tokens[lane, :size], targets[lane, :size] = part.inputs[some], part.targets[some]
                weights[lane, :size] = 1
        return (tokens, places == 0), targets, weights

    def _parts(self, random: np.random.Generator) -> list[Part]:
        """Documents and parts of long ones, in the order in which the lanes take them."""
        parts = []
        for document in self.documents:
            inputs = np.concatenate([[END], document[:-1]]).astype("int32")
            first = len(document)
            if first > self._longest:
                first = int(random.integers(self._longest // 2, self._longest))
            bounds = [0, *range(first, len(document), self._longest), len(document)]
            parts += [Part(inputs[start:end], document[start:end]) for start, end in pairwise(bounds)]
        parts = [parts[number] for number in random.permutation(len(parts))]
        pool = POOL * self.lanes
        ordered: list[Part] = []
        for start in range(0, len(parts), pool):  # those of similar length side by side
            by_length = sorted(parts[start : start + pool], key=lambda part: len(part.targets))
            groups = [by_length[at : at + self.lanes] for at in range(0, len(by_length), self.lanes)]
            ordered += [part for number in random.permutation(len(groups)) for part in groups[number]]
        return ordered

    @classmethod
    def whole(cls, document: np.ndarray, steps: int) -> Iterator[tuple]:
        """The pieces of one document, undivided, in a single lane."""
        lane = cls([document], 1, steps, vary=False)
        lane._longest = len(document)
        yield from lane.in_order_of_length()

    @staticmethod
    def _multiple(length: float) -> int:
        return max(MULTIPLE, -(-round(length) // MULTIPLE) * MULTIPLE)


def lane_batches(
    splits: Mapping[str, Documents], encoder: TokenEncoder, pieces: PieceConfig, lanes: int, seed: int
) -> tuple[LaneBatches, LaneBatches]:
    """The batches of the training and of the validation documents."""
    train, validation = (encode_documents(splits[split], encoder) for split in ("train", "validation"))
    log.info("%s training tokens of %s kinds", f"{sum(map(len, train)):,}", f"{encoder.size:,}")
    return (
        LaneBatches(train, lanes, pieces.steps, seed, pieces.vary_steps),
        LaneBatches(validation, lanes, pieces.steps, vary=False),
    )
