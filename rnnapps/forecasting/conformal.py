"""Intervals that hold what they say, by what they missed on held-out steps."""

import math
from collections.abc import Callable

import numpy as np

from rnnapps.data.series.frequency import season_of
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.windows import Windows
from rnnapps.forecasting.config import LEVELS, ForecastingConfig
from rnnapps.forecasting.known_series import KnownSeries

MOST = 256  # forecasts of the recent past, of all series, that are looked at: one batch
LEAST = 100  # fewer say too little


def corrections(quantiles: np.ndarray, truth: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """What is added to quantiles, float32 `(horizon, targets, levels)`, so that their intervals cover.

    Conformalized quantile regression (Romano et al. 2019), for each step ahead and target: the bounds
    move out, or in, by the quantile of how far the values fell outside.

    Args:
        quantiles: of held-out origins, standardised, `(origins, horizon, targets, levels)`.
        truth: what came, `(origins, horizon, targets)`, NaN where it is not known.
        levels: of the quantiles, symmetrical around the median.
    """
    found = np.zeros(quantiles.shape[1:], "float32")
    number = np.maximum(1, (~np.isnan(truth)).sum(axis=0))  # of the values of each step and target
    for low, level in enumerate(levels):
        if level >= 0.5:
            break
        outside = np.maximum(quantiles[..., low] - truth, truth - quantiles[..., -1 - low])
        share = np.minimum(1, (1 - 2 * level) * (1 + 1 / number))
        ordered = np.sort(outside, axis=0)  # NaN comes last
        place = np.clip(np.ceil(share * number).astype(int) - 1, 0, number - 1)
        width = np.nan_to_num(np.take_along_axis(ordered, place[None], axis=0)[0])
        found[..., low], found[..., -1 - low] = -width, width
    return found


def recent_corrections(
    origins: Origins,
    known: KnownSeries,
    config: ForecastingConfig,
    others: np.ndarray,
    foretold: Callable[[Windows], np.ndarray],
) -> np.ndarray:
    """What is added to the quantiles of forecasts so that their intervals hold on the recent past.

    The world changes: each forecast is corrected by those of the `config.recent` steps before it that
    have come true by then, as far as the training has not seen them.

    Args:
        origins: where the forecasts begin.
        known: of the training.
        config: of the windows, and how far the recent past goes.
        others: corrections where fewer than 100 values are known, `(horizon, targets, levels)`.
        foretold: gives the quantiles of windows as the network has them.

    Returns:
        float32 `(forecasts, horizon, targets, levels)`, standardised; or one for all forecasts.
    """
    horizon, recent = config.windows.horizon, config.recent
    if known.until is None or not (config.conformal and recent):
        return others[None]
    starts = _starts(origins.series_set)
    begin = starts[origins.windows[:, 0]] + origins.windows[:, 1]
    span = begin.min() - recent - horizon + 1, begin.max() - horizon
    before = _before(origins.series_set, known, config, starts, *span)
    if len(before) < LEAST:
        return others[None]
    windows = known.windows(before, config, MOST)
    quantiles = foretold(windows)
    truth = np.concatenate(
        [np.where(real > 0, targets, np.nan) for _, targets, real in windows.in_order_of_length()]
    )
    end = starts[before.windows[:, 0]] + before.windows[:, 1] + horizon
    order = np.argsort(end, kind="stable")
    found = np.tile(others, (len(origins), 1, 1, 1))
    # Those that begin within one horizon are corrected alike, by what has come before the first of them.
    _, group = np.unique(begin // horizon, return_inverse=True)
    for here in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]):
        now = begin[here].min()
        past = order[slice(*np.searchsorted(end[order], [now - recent, now], side="right"))]
        if len(past) >= LEAST:
            enough = (~np.isnan(truth[past])).sum(axis=0)[..., None] >= LEAST
            found[here] = np.where(enough, corrections(quantiles[past], truth[past], LEVELS), others)
    return found


def _starts(series_set: SeriesSet) -> np.ndarray:
    """The step at, or before, which each series begins, from the first of all, int `(series,)`."""
    import pandas as pd

    begins = [series.times[0] for series in series_set.series]
    steps = pd.date_range(min(begins), max(begins), freq=series_set.series[0].times.freq)
    return steps.get_indexer(begins, method="pad")


def _before(
    series_set: SeriesSet,
    known: KnownSeries,
    config: ForecastingConfig,
    starts: np.ndarray,
    first: int,
    last: int,
) -> Origins:
    """Where forecasts begin from one step to another that the training has not seen, of known series:
    some of them, evenly spread, at all places of a season.
    """
    places = np.flatnonzero(known.numbers(series_set))
    apart = max(1, -(-config.recent * len(places) // MOST))
    while math.gcd(apart, season_of(series_set.frequency)) > 1:
        apart += 1
    chosen = [np.zeros((0, 2), int)]
    for place in places:
        series, start = series_set.series[place], starts[place]
        times = series.times.tz_localize(None)
        seen = max(config.windows.context, times.searchsorted(known.until, side="right"))
        stop = min(last - start, len(series) - config.windows.horizon)
        steps = np.arange(max(seen, first - start), stop + 1)
        steps = steps[(steps + start + place) % apart == 0]
        chosen.append(np.stack([np.full(len(steps), place), steps], axis=1))
    return Origins(series_set, np.concatenate(chosen).astype("int32"))
