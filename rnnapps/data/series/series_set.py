"""Series of the same variables."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from rnnapps.data.series.series import Series


@dataclass(frozen=True)
class SeriesSet:
    """One series or several, all with the same columns and frequency.

    Attributes:
        series: the series, in the order of their names.
        frequency: from time to time, as pandas calls it: "h", "30min", "D", "B", "MS", ...
        targets: names of the columns to forecast.
        past: names of the past covariates.
        future: names of the future covariates.
        static: names of the static columns.
    """

    series: tuple[Series, ...]
    frequency: str
    targets: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    static: tuple[str, ...]

    def __len__(self) -> int:
        """Number of series."""
        return len(self.series)

    def digest(self) -> str:
        """A fingerprint of names, times and values, by which a bundle knows what it was scored on."""
        names = [self.frequency, self.targets, self.past, self.future, self.static]
        digest = hashlib.sha256(json.dumps(names).encode())
        for one in self.series:
            about = [one.name, one.static, str(one.times[0]), len(one)]
            digest.update(json.dumps(about).encode())
            for values in (one.targets, one.past, one.future):
                digest.update(np.ascontiguousarray(values, "<f4").data)
        return digest.hexdigest()
