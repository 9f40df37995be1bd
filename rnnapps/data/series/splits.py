"""Where series are divided in time."""

from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.series import Series
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def split_origins(
    series_set: SeriesSet, config: SeriesSourceConfig, context: int, horizon: int
) -> dict[str, list[tuple[int, int]]]:
    """The forecasts that belong to "train", "validation" and "test", never by chance.

    A forecast has an origin, the index of its first step. Its horizon lies within one part; its context
    may reach back into the part before.

    Args:
        series_set: the series.
        config: the shares, of each series, or times at which all are divided.
        context: steps that a forecast sees.
        horizon: steps that it forecasts.

    Returns:
        For each split and series the first and the last origin; a last before the first is none.

    Raises:
        UserError: a series that is too short for one window to train on, or none long enough for one
            of another part.
    """
    origins: dict[str, list[tuple[int, int]]] = {"train": [], "validation": [], "test": []}
    for one in series_set.series:
        validation, test, end = split_points(one, config)
        if validation < context + horizon:
            raise UserError(
                f"{config.data}: {_called(one)} has {len(one):,} steps, {validation:,} of them to "
                f"train on, but one window is {context:,} + {horizon:,}: shorten --context or "
                "--horizon, or leave it out"
            )
        origins["train"].append((context, validation - horizon))
        origins["validation"].append((validation, test - horizon))
        origins["test"].append((test, end - horizon))
    for split, ranges in origins.items():
        if all(last < first for first, last in ranges):
            raise UserError(
                f"{config.data}: no series has the {horizon:,} steps of a forecast (--horizon) in its "
                f"{split} part: shorten it, or give --{split}-share or --{split}-start"
            )
    return origins


def split_points(series: Series, config: SeriesSourceConfig) -> tuple[int, int, int]:
    """Where the validation part of a series begins, where its test part does, and where that ends.

    What comes before the first is to train on, and to take means from.
    """
    end = _index(series.times, config.test_end, len(series))
    test = _index(series.times, config.test_start, end - round(config.test_share * end))
    test = min(test, end)
    validation = _index(
        series.times, config.validation_start, test - round(config.validation_share * end)
    )
    return min(max(validation, 0), test), test, end


def _index(times: "pd.DatetimeIndex", bound: str | None, default: int) -> int:
    """The first step that is not before a time."""
    if bound is None:
        return default
    import pandas as pd

    time = pd.Timestamp(bound)
    if time.tz is None and times.tz is not None:
        time = time.tz_localize(times.tz)
    elif time.tz is not None and times.tz is None:
        time = time.tz_localize(None)
    return int(np.searchsorted(times, time))


def _called(series: Series) -> str:
    return f"series '{series.name}'" if series.name else "its series"
