"""A series."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Series:
    """Variables at regular times.

    Attributes:
        name: of the series; "" if there is one only.
        times: regular, with their frequency; naive, or in UTC.
        targets: float32 `(time, targets)`, NaN where nothing is known.
        past: float32 `(time, past covariates)`, NaN too.
        future: float32 `(time + further, future covariates)`: those known beforehand may run on beyond
            the end.
        static: the value of each static column.
    """

    name: str
    times: "pd.DatetimeIndex"
    targets: np.ndarray
    past: np.ndarray
    future: np.ndarray
    static: tuple[str, ...]

    def __len__(self) -> int:
        """Steps of time."""
        return len(self.times)
