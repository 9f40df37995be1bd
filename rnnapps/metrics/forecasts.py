"""Scores of forecasts."""

from typing import Any, NamedTuple

import numpy as np

INTERVALS = (50, 80, 95)  # per cent


class Truth(NamedTuple):
    """What came, of forecasts from many origins, standardised; NaN where it is not known."""

    values: np.ndarray
    """float32 `(origins, horizon, targets)`"""
    mean: np.ndarray
    """of the series of each origin, float32 `(origins, targets)`"""
    scale: np.ndarray
    """its standard deviation, of the same shape: `values * scale + mean` are in the units of the data"""
    naive_error: np.ndarray
    """mean absolute error of the seasonal naive forecast one season ahead in training, standardised, of
    the same shape"""


def forecast_report(quantiles: np.ndarray, levels: tuple[float, ...], truth: Truth) -> dict[str, Any]:
    """Scores of quantiles.

    Returns:
        `mse` and `mae` of the median on standardised values, `mae_units` in the units of the data if
        there is one target, `smape`, `mase` (Hyndman and Koehler 2006), `wql`, the weighted quantile
        loss, `crps`, the continuous ranked probability score as far as the quantiles give it, on
        standardised values (`wql` is its sum in units, as a share of that of all values), and
        `coverage_50` and so on: the share of values within the intervals.

    Args:
        quantiles: standardised, float32 `(origins, horizon, targets, levels)`, not falling.
        levels: of the quantiles, symmetrical around the median.
        truth: what came.
    """
    median = quantiles[..., levels.index(0.5)]
    error = np.abs(median - truth.values)
    scale, mean = truth.scale[:, None], truth.mean[:, None]
    values = truth.values * scale + mean
    # Where both are nothing, roundings have no share of it.
    sizes = np.abs(values) + np.abs(median * scale + mean) + 1e-5 * scale
    above = truth.values[..., None] - quantiles
    pinball = np.maximum(np.multiply(levels, above), np.subtract(levels, 1) * above)
    # The CRPS is twice its integral over all levels; at 0 and 1 it is nothing.
    ends = np.pad(pinball, [(0, 0)] * 3 + [(1, 1)])
    crps = 2 * np.trapezoid(ends, [0, *levels, 1], axis=-1)
    total = np.nansum(np.abs(values))
    scores: dict[str, Any] = {
        "rows": len(quantiles),
        "mse": _mean(np.square(error)),
        "mae": _mean(error),
        "smape": _mean(2 * error * scale / sizes),
        "mase": _mean(error / truth.naive_error[:, None]),
        "wql": float(np.nansum(crps * scale) / total) if total else None,
        "crps": _mean(crps),
    }
    if truth.values.shape[-1] == 1:
        scores["mae_units"] = _mean(error * scale)
    for number, (low, high) in enumerate(zip(levels, reversed(levels), strict=True)):
        if low < 0.5:
            inside = (truth.values >= quantiles[..., number]) & (
                truth.values <= quantiles[..., -1 - number]
            )
            share = _mean(np.where(np.isnan(truth.values), np.nan, inside))
            scores[f"coverage_{round(100 * (high - low))}"] = share
    scores["signature"] = (
        f"rolling origin|horizon:{quantiles.shape[1]}|mse, mae, crps:standardised by the training part|"
        f"quantiles:{len(levels)}"
    )
    return scores


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values, dtype="float64"))
