"""Intervals that hold what they say, by what they missed on held-out steps."""

from collections.abc import Callable

import numpy as np

from rnnapps.data.series.origins import Origins
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.windows import Windows
from rnnapps.evaluation.forecast_baselines import window_arrays
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
        others: corrections where too little is known, `(horizon, targets, levels)`.
        foretold: gives the quantiles of windows as the network has them.

    Returns:
        float32 `(forecasts, horizon, targets, levels)`, standardised.
    """
    horizon, recent = config.windows.horizon, config.recent
    found = np.tile(others, (len(origins), 1, 1, 1))
    starts = _starts(origins.series_set)
    begin = starts[origins.windows[:, 0]] + origins.windows[:, 1]
    before = _before(origins.series_set, known, config, begin.min() - recent, begin.max() - horizon)
    if len(before) < LEAST:
        return found
    windows = known.windows(before, config, MOST)
    quantiles, truth = foretold(windows), window_arrays(windows).targets
    end = starts[before.windows[:, 0]] + before.windows[:, 1] + horizon
    # Those that begin within one horizon are corrected alike.
    for group in np.unique(begin // horizon):
        here = begin // horizon == group
        now = begin[here].min()
        past = (end <= now) & (end > now - recent)
        if past.sum() >= LEAST:
            found[here] = corrections(quantiles[past], truth[past], LEVELS)
    return found


def _starts(series_set: SeriesSet) -> np.ndarray:
    """The step at which each series begins, from the beginning of the first, int `(series,)`."""
    import pandas as pd

    begins = [series.times[0] for series in series_set.series]
    first, last = min(begins), max(begins)
    return pd.date_range(first, last, freq=series_set.series[0].times.freq).get_indexer(begins)


def _before(
    series_set: SeriesSet, known: KnownSeries, config: ForecastingConfig, first: int, last: int
) -> Origins:
    """Where forecasts begin from one step to another that the training has not seen, of known series:
    some of them, evenly spread.
    """
    numbers, starts, chosen = known.numbers(series_set), _starts(series_set), []
    apart = max(1, -(-config.recent * len(series_set) // MOST))
    for place, (series, start) in enumerate(zip(series_set.series, starts, strict=True)):
        if known.until is None or not (numbers[place] and config.conformal and config.recent):
            continue
        times = series.times.tz_localize(None)
        seen = max(config.windows.context, times.searchsorted(known.until, side="right"))
        steps = np.arange(max(seen, first - start), min(last - start, len(series)) + 1)
        steps = steps[(steps + start + place) % apart == 0]
        chosen.append(np.stack([np.full(len(steps), place), steps], axis=1))
    windows = np.concatenate(chosen) if chosen else np.zeros((0, 2))
    return Origins(series_set, windows.astype("int32"))
