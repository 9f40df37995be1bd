"""Where forecasts begin."""

import hashlib
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rnnapps.data.series.series_set import SeriesSet


@dataclass(frozen=True)
class Origins:
    """The forecasts of a split, by where they begin.

    Attributes:
        series_set: the series.
        windows: int32 `(windows, 2)`: the number of a series, and the index of the first step to
            forecast.
    """

    series_set: SeriesSet
    windows: np.ndarray

    def __len__(self) -> int:
        """Number of forecasts."""
        return len(self.windows)

    def sample(self, most: int) -> Self:
        """So many of them at most, drawn by chance, always the same, in their order."""
        chosen = np.random.default_rng(0).permutation(len(self))[:most]
        return replace(self, windows=self.windows[np.sort(chosen)])

    def digest(self) -> str:
        """A fingerprint of the series and the origins, by which a bundle knows what it was scored on."""
        digest = hashlib.sha256(self.series_set.digest().encode())
        digest.update(np.ascontiguousarray(self.windows, "<i4").data)
        return digest.hexdigest()
