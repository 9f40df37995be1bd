"""The texts that a search under CTC finds."""

from typing import NamedTuple

import numpy as np


class CTCTexts(NamedTuple):
    """The `n_best` texts of each row of a batch, best first, as NumPy arrays.

    Where the beam held fewer than `n_best` (there are no more, or the scorer forbids the others), the
    rest have length 0 and score -inf.
    """

    tokens: np.ndarray
    """`(batch, n_best, most)`, int32, padded with 0, the blank; `most` is the longest length."""

    lengths: np.ndarray
    """`(batch, n_best)`, int32."""

    scores: np.ndarray
    """`(batch, n_best)`, float32: what ranks, with what the scorer and the lengths add."""

    log_probabilities: np.ndarray
    """`(batch, n_best)`, float32: of all paths in the beam that give the text."""
