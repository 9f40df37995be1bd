"""What is known of the size of series."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from rnnapps.data.series.frequency import season_of
from rnnapps.data.series.series import Series
from rnnapps.data.series.series_set import SeriesSet


class Scaling(NamedTuple):
    """Mean and scale of the columns of each series, and how far its seasonal naive forecast is off."""

    mean: np.ndarray
    """float32 `(series, targets + past + future)`"""
    scale: np.ndarray
    """the standard deviation, of the same shape; 1 of a column that is constant or empty, whose mean is
    then its value or 0. Of counts the mean is 0 and the scale their mean and 1"""
    naive_error: np.ndarray
    """mean difference between a target and itself one season ago, as a share of the scale, float32
    `(series, targets)`: what the error of a forecast is divided by in MASE"""

    @classmethod
    def of(cls, series_set: SeriesSet, ends: Sequence[int], counts: bool = False) -> Self:
        """That of what lies before the end of each series, such as that of its training part; `counts`
        says whether the targets are such.
        """
        season, targets = season_of(series_set.frequency), len(series_set.targets)
        rows = [_of_one(one, end, season) for one, end in zip(series_set.series, ends, strict=True)]
        mean, scale, error = (np.array(part, "float32") for part in zip(*rows, strict=True))
        if counts:
            scale[:, :targets] = 1 + mean[:, :targets]
            mean[:, :targets] = 0
        return cls(mean, scale, error / scale[:, :targets])

    def replaced(self, row: int, other: Self, place: int) -> None:
        """Give a series the values of one of another scaling."""
        for ours, theirs in zip(self, other, strict=True):
            ours[row] = theirs[place]


def mean_and_scale(column: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of what is known, float64 `(rows,)`; 1 for that of a constant, and a
    mean of 0 where nothing is known.
    """
    known = column[~np.isnan(column)]
    if not len(known):
        return 0.0, 1.0
    deviation = float(known.std())
    # Below this it is the error of float32, which values are in.
    constant = deviation <= 1e-6 * np.abs(known).max()
    return float(known.mean()), 1.0 if constant else deviation


def _of_one(one: Series, end: int, season: int) -> tuple[list[float], list[float], list[float]]:
    values = np.concatenate([block[:end] for block in (one.targets, one.past, one.future)], axis=1)
    means, scales = [], []
    for column in values.astype("float64").T:
        mean, scale = mean_and_scale(column)
        means.append(mean)
        scales.append(scale)
    errors = []
    for target, scale in zip(one.targets[:end].astype("float64").T, scales, strict=False):
        changes = np.abs(target[season:] - target[:-season])
        changes = changes[~np.isnan(changes)]
        mean = float(changes.mean()) if len(changes) else 0.0
        errors.append(mean or scale)  # of a constant series no error says anything
    return means, scales, errors
