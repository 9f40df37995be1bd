"""Texts of sequences of features, by a network with CTC."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.bucketed_batches import padded_length
from rnnapps.inference.batching import filled, in_batches
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.inference.ctc_decoder import CTCDecoder
from rnnapps.inference.outputs import checked
from rnnapps.inference.probabilities import certain_blank
from rnnapps.inference.transcript import Transcript

if TYPE_CHECKING:
    from rnnapps.data.text.alphabet import Alphabet

BATCH_SIZES = (1, 8, 32)  # rows of a batch: few sizes, as each is compiled
SHORTEST = 64  # units that sequences are filled up to at least


class Transcriber:
    """Gives the texts of features of any length: few lengths and batch sizes, as each is compiled.

    Args:
        model: takes float32 `(batch, time, ...)`, filled up with zeros, and gives logits of CTC
            `(batch, frames, classes)`.
        alphabet: of these.
        normalise: brings texts of a language model or a lexicon to the form of those it was trained on.
        unit: steps whose multiples lengths are filled up to.
    """

    def __init__(self, model: Any, alphabet: "Alphabet", normalise: Callable[[str], str], unit: int = 1):
        self.model, self.alphabet, self.normalise, self.unit = model, alphabet, normalise, unit
        self._decoders: dict[Any, CTCDecoder] = {}

    def __call__(
        self, features: Sequence[np.ndarray], decoding: CTCConfig
    ) -> list[tuple[Transcript, ...]]:
        """The texts of each, float32 `(time, ...)`, the likeliest first."""
        decode = self.decoder(decoding)
        found: list[tuple[Transcript, ...]] = [()] * len(features)
        for rows, logits, shares in self._batches(features):
            for row, some in zip(rows, decode(logits, shares), strict=True):
                found[row] = some
        return found

    def logits(self, features: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The logits of each, float32 `(frames, classes)`, without those of padding."""
        found = [np.zeros(0)] * len(features)
        for rows, logits, shares in self._batches(features):
            for row, some, share in zip(rows, logits, shares, strict=False):
                found[row] = some[: math.ceil(share * len(some))]
        return found

    def _batches(
        self, features: Sequence[np.ndarray]
    ) -> Iterator[tuple[np.ndarray, np.ndarray, list[float]]]:
        """Rows that are of one length, their logits, and how much of each is no padding."""
        units = [-(-len(one) // self.unit) for one in features]
        lengths = self.unit * np.array([padded_length(max(SHORTEST, one)) for one in units])
        for length in np.unique(lengths):
            for rows, size in in_batches(np.flatnonzero(lengths == length), BATCH_SIZES):
                x = np.zeros((len(rows), length, *features[rows[0]].shape[1:]), "float32")
                for place, row in zip(x, rows, strict=True):
                    place[: len(features[row])] = features[row]
                logits = checked(self.model.predict_on_batch(filled(x, size)))
                yield rows, logits, [len(features[row]) / length for row in rows]

    def decoder(self, decoding: CTCConfig) -> CTCDecoder:
        """What makes texts of logits; a file of the options that has changed is read again."""
        times = tuple(os.stat(file).st_mtime_ns for file in decoding.files if os.path.exists(file))
        key = decoding, times
        if key not in self._decoders:
            self._decoders[key] = CTCDecoder(decoding, self.alphabet, self.normalise)
        return self._decoders[key]

    def texts_of(self, logits: np.ndarray, decoding: CTCConfig) -> tuple[Transcript, ...]:
        """The texts of logits that are there already, `(frames, classes)`, the likeliest first."""
        length = padded_length(max(SHORTEST, len(logits)))
        blank = certain_blank(logits.shape[1])
        padded = np.concatenate([logits, np.tile(blank, (length - len(logits), 1))])
        return self.decoder(decoding)(padded[None], [len(logits) / length])[0]
