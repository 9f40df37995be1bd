"""What does not change within a series, as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from rnnapps.data.series.numbers import are_numbers, numbers
from rnnapps.data.series.scaling import mean_and_scale


class StaticColumn(NamedTuple):
    """A column with one value for each series: of categories, or of numbers."""

    categories: tuple[str, ...]
    """those of the training; none for numbers"""
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class StaticFeatures:
    """The static columns of a training, by which those of any series become features."""

    columns: tuple[StaticColumn, ...] = ()

    @classmethod
    def of(cls, static: Sequence[tuple[str, ...]]) -> Self:
        """Those of some series: numbers where all values of a column are numbers, else categories."""
        values = zip(*static, strict=True)
        return cls(tuple(_column([value for value in some if value]) for some in values))

    def features(self, static: Sequence[tuple[str, ...]]) -> np.ndarray:
        """float32 `(series, features)` of the static values of each series: numbers standardised,
        categories one-hot; 0 for one that is missing, or that the training had not.
        """
        features = [np.zeros((len(static), 0))]
        for place, column in enumerate(self.columns):
            values = [row[place] for row in static]
            if column.categories:
                features.append(np.array([[v == one for one in column.categories] for v in values]))
            else:
                found = (numbers(values, decimal_comma=False) - column.mean) / column.scale
                features.append(np.nan_to_num(found)[:, None])
        return np.concatenate(features, axis=1).astype("float32")

    def to_list(self) -> list[dict[str, Any]]:
        """For JSON."""
        return [column._asdict() for column in self.columns]

    @classmethod
    def from_list(cls, values: Iterable[Any]) -> Self:
        """What `to_list` gave.

        Raises:
            ValueError, KeyError or TypeError: it is something else.
        """
        columns = []
        for value in values:
            mean, scale = float(value["mean"]), float(value["scale"])
            if not (np.isfinite(mean) and np.isfinite(scale) and scale > 0):
                raise ValueError(f"a static column of mean {mean} and scale {scale}")
            columns.append(StaticColumn(tuple(map(str, value["categories"])), mean, scale))
        return cls(tuple(columns))


def _column(values: Sequence[str]) -> StaticColumn:
    if values and are_numbers(values, decimal_comma=False):
        return StaticColumn((), *mean_and_scale(numbers(values, decimal_comma=False)))
    return StaticColumn(tuple(sorted(set(values))))
