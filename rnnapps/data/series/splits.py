"""Where series are divided in time."""

import logging
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.origins import Origins
from rnnapps.data.series.series import Series
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

MOST_SCORED = 50_000  # values a step ahead that a network and its baselines are scored by


def split_origins(
    series_set: SeriesSet, config: SeriesSourceConfig, context: int, horizon: int, stride: int = 1
) -> dict[str, Origins]:
    """The forecasts that belong to "train", "validation" and "test", never by chance.

    A forecast has an origin, the index of its first step. Its horizon lies within one part; its context
    may reach back into the part before.

    Args:
        series_set: the series.
        config: the shares, of each series, or times at which all are divided.
        context: steps that a forecast sees.
        horizon: steps that it forecasts.
        stride: from an origin to train from to the next.

    Returns:
        For each split the origins of forecasts of which something is known to have come; of very many
        to validate or to test some thousands, always the same.

    Raises:
        UserError: a series that is too short for one window to train on, or none long enough for one
            of another part.
    """
    windows: dict[str, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    for number, one in enumerate(series_set.series):
        validation, test, end = split_points(one, config)
        if validation < context + horizon:
            raise UserError(
                f"{config.data}: {_called(one)} has {len(one):,} steps, {validation:,} of them to "
                f"train on, but one window is {context:,} + {horizon:,}: shorten --context or "
                "--horizon, or leave it out"
            )
        known = np.concatenate([[0], np.cumsum(~np.isnan(one.targets).all(axis=1))])
        bounds = {"train": (context, validation), "validation": (validation, test), "test": (test, end)}
        for split, (begin, stop) in bounds.items():
            origins = np.arange(begin, stop - horizon + 1, stride if split == "train" else 1)
            origins = origins[known[origins + horizon] > known[origins]]
            windows[split].append(np.stack([np.full(len(origins), number), origins], axis=1))
    found = {split: np.concatenate(some).astype("int32") for split, some in windows.items()}
    for split, some in found.items():
        if not len(some):
            raise UserError(
                f"{config.data}: no series has the {horizon:,} steps of a forecast (--horizon) in its "
                f"{split} part: shorten it, or give --{split}-share or --{split}-start"
            )
    splits = {split: Origins(series_set, some) for split, some in found.items()}
    most = max(1, MOST_SCORED // len(series_set.targets))
    for split in ("validation", "test"):
        if (number := len(splits[split])) > most:
            log.info("%s: %s of its %s forecasts, by chance", split, f"{most:,}", f"{number:,}")
            splits[split] = splits[split].sample(most)
    return splits


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
