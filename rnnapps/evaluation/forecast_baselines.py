"""The forecasts that a network has to beat."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.frequency import season_of
from rnnapps.data.series.gaps import carried_on
from rnnapps.data.series.windows import Windows

if TYPE_CHECKING:
    from sklearn.linear_model import Ridge

STRENGTHS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)  # of the ridge's regularisation
MOST = 20_000  # rows, of a window and a target each, that a linear forecast is fitted to
SMOOTHING = np.linspace(0.05, 1, 20)  # parameters of exponential smoothing
KERNEL = 25  # steps of DLinear's moving average


@dataclass(frozen=True, eq=False)
class WindowArrays:
    """Windows of a split, standardised, with NaN where nothing is known."""

    past: np.ndarray
    """float32 `(windows, context, targets + past)`"""
    calendar: np.ndarray
    """float32 `(windows, context + horizon, features)`"""
    targets: np.ndarray
    """float32 `(windows, horizon, targets)`"""

    @cached_property
    def filled(self) -> np.ndarray:
        """The targets of the past, each gap with the value before it, or behind it at the beginning."""
        values = self.past[..., : self.targets.shape[-1]]
        known = ~np.isnan(values)
        return np.nan_to_num(carried_on(values, known, known.argmax(axis=1, keepdims=True)))


def window_arrays(windows: Windows) -> WindowArrays:
    """All windows, in order."""
    batches = list(windows.in_order_of_length())
    past, known, calendar = (
        np.concatenate([inputs[name] for inputs, _, _ in batches])
        for name in ("past", "known", "calendar")
    )
    targets, weights = (np.concatenate([batch[place] for batch in batches]) for place in (1, 2))
    return WindowArrays(
        np.where(known > 0, past, np.nan), calendar, np.where(weights > 0, targets, np.nan)
    )


def forecast_baselines(
    splits: Mapping[str, WindowArrays], frequency: str, levels: tuple[float, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    """Names of baselines, and the quantiles of each, float32 `(windows, horizon, targets, levels)`.

    Each gives a point, and around it the quantiles of its own errors on the validation windows, for
    every step ahead.

    Args:
        splits: the windows of "train", of which `MOST` rows are enough, "validation" and "test".
        frequency: of the series, by which the seasonal forecast knows a day, a week or a year.
        levels: of the quantiles.
    """
    validation, test, season = splits["validation"], splits["test"], season_of(frequency)
    rules: dict[str, Callable[[WindowArrays], np.ndarray]]
    rules = {"last value": last_value, "drift": drift}
    if season > 1:
        rules[f"seasonal naive ({season} steps)"] = lambda some: seasonal_naive(some, season)
    rules["theta method"] = lambda some: theta(some, season)
    rules["ridge over the window and its covariates"] = _ridge(splits, _window_features)
    rules["DLinear"] = _ridge(splits, _decomposed)
    for name, rule in rules.items():
        errors = validation.targets - rule(validation)
        around = np.nanquantile(errors, levels, axis=0)
        around = np.nan_to_num(np.moveaxis(around, 0, -1))
        yield name, (rule(test)[..., None] + around).astype("float32")


def last_value(some: WindowArrays) -> np.ndarray:
    """The last known value of each target, at every step: `(windows, horizon, targets)`."""
    filled = some.filled
    return np.repeat(filled[:, -1:], some.targets.shape[1], axis=1)


def drift(some: WindowArrays) -> np.ndarray:
    """The straight line through the first and the last known value."""
    filled = some.filled
    slope = (filled[:, -1:] - filled[:, :1]) / max(1, filled.shape[1] - 1)
    return filled[:, -1:] + slope * np.arange(1, some.targets.shape[1] + 1)[:, None]


def seasonal_naive(some: WindowArrays, season: int) -> np.ndarray:
    """The value of one season ago, of the last that the window has."""
    filled, context = some.filled, some.past.shape[1]
    season = min(season, context)
    steps = np.arange(some.targets.shape[1]) % season
    return filled[:, context - season + steps]


def theta(some: WindowArrays, season: int) -> np.ndarray:
    """The theta method (Assimakopoulos and Nikolopoulos 2000): exponential smoothing of the values
    without their season, half their trend (Hyndman and Billah 2003), and the season.
    """
    values, steps = some.filled.astype("float64"), np.arange(some.targets.shape[1])
    length = values.shape[1]
    seasonal = _seasonal(values, season)
    values = values - seasonal
    times = np.arange(length) - (length - 1) / 2
    slope = (
        np.tensordot(values, times, (1, 0)) / np.square(times).sum() if length > 1 else 0 * values[:, 0]
    )
    level, smoothing = _smoothed(values)
    started = (1 - (1 - smoothing) ** length) / smoothing
    trend = slope[:, None] / 2 * (steps[:, None] + started[:, None])
    ahead = seasonal[:, length - season + steps % season] if season <= length else 0
    return level[:, None] + trend + ahead


def _seasonal(values: np.ndarray, season: int) -> np.ndarray:
    """The mean of each place of the season, freed of a moving average over it: `(windows, time,
    targets)`, 0 where two seasons are not seen.
    """
    length = values.shape[1]
    if season < 2 or length < 2 * season:
        return np.zeros_like(values)
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    half = len(weights) // 2
    windows = np.lib.stride_tricks.sliding_window_view(values, len(weights), axis=1)
    without = values[:, half : length - half] - windows @ (weights / season)
    places = np.arange(half, length - half) % season
    means = np.stack([without[:, places == place].mean(axis=1) for place in range(season)], axis=1)
    means -= means.mean(axis=1, keepdims=True)
    return means[:, np.arange(length) % season]


def _smoothed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last level of exponential smoothing and its parameter, `(windows, targets)` each: that of the
    lowest squared error one step ahead.
    """
    levels = np.repeat(values[:, 0, None], len(SMOOTHING), axis=1)
    errors = np.zeros_like(levels)
    for step in range(1, values.shape[1]):
        error = values[:, step, None] - levels
        errors += np.square(error)
        levels += SMOOTHING[:, None] * error
    best = errors.argmin(axis=1, keepdims=True)
    return np.take_along_axis(levels, best, axis=1)[:, 0], SMOOTHING[best[:, 0]]


def _window_features(some: WindowArrays) -> np.ndarray:
    """For each target the window, freed from its last value, the covariates and the calendar ahead:
    `(windows, targets, features)`.
    """
    targets = some.targets.shape[-1]
    own = some.filled - last_value(some)[:, :1]
    shared = np.concatenate(
        [
            np.nan_to_num(some.past[..., targets:]).reshape(len(own), -1),
            some.calendar[:, some.past.shape[1] :].reshape(len(own), -1),
        ],
        axis=1,
    )
    shared = np.repeat(shared[:, None], targets, axis=1)
    return np.concatenate([np.moveaxis(own, 1, 2), shared], axis=-1)


def _decomposed(some: WindowArrays) -> np.ndarray:
    """For each target the moving average of the window and what is left of it (Zeng et al. 2023)."""
    values = some.filled - last_value(some)[:, :1]
    ends = ((0, 0), (KERNEL // 2, KERNEL // 2), (0, 0))
    sums = np.cumsum(np.pad(values, ends, mode="edge"), axis=1, dtype="float64")
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    trend = ((sums[:, KERNEL:] - sums[:, :-KERNEL]) / KERNEL).astype("float32")
    return np.moveaxis(np.concatenate([trend, values - trend], axis=1), 1, 2)


def _ridge(
    splits: Mapping[str, WindowArrays], features: Callable[[WindowArrays], np.ndarray]
) -> Callable[[WindowArrays], np.ndarray]:
    """A linear forecast with weights that all targets share, of what they add to their last value; its
    regularisation has the lowest error on the validation windows.
    """

    def answers(some: WindowArrays) -> np.ndarray:
        return np.moveaxis(some.targets - last_value(some), 1, 2).reshape(-1, some.targets.shape[1])

    def rows(some: WindowArrays) -> np.ndarray:
        found = features(some)
        return found.reshape(-1, found.shape[-1])

    train, validation = splits["train"], splits["validation"]
    best = chosen_ridge(rows(train), answers(train), rows(validation), answers(validation))

    def forecast(some: WindowArrays) -> np.ndarray:
        windows, horizon, targets = some.targets.shape
        added = best.predict(rows(some)).reshape(windows, targets, horizon)
        return last_value(some) + np.moveaxis(added, 1, 2)

    return forecast


def chosen_ridge(x: np.ndarray, y: np.ndarray, held_x: np.ndarray, held_y: np.ndarray) -> "Ridge":
    """The ridge regression whose regularisation has the lowest squared error on held-out rows.

    Args:
        x: features, `(rows, features)`.
        y: answers, `(rows, horizon)`, NaN where none is known.
        held_x: features of the held-out rows.
        held_y: their answers, NaN where none is known.
    """
    x = x.astype("float64")  # in which no covariates are too much alike
    models = [_fitted(x, y, strength) for strength in STRENGTHS]
    return min(models, key=lambda model: np.nanmean(np.square(model.predict(held_x) - held_y)))


def _fitted(x: np.ndarray, y: np.ndarray, strength: float) -> "Ridge":
    """A ridge regression of the rows whose answers are all known; where those are few, as of a shop that
    is closed on Sundays, of each answer by itself.
    """
    from sklearn.linear_model import Ridge

    known = ~np.isnan(y)
    whole = known.all(axis=1)
    if whole.sum() >= max(2, len(y) / 10):
        return Ridge(strength).fit(x[whole], y[whole])
    model = Ridge(strength).fit(x, np.zeros_like(y))
    for column in np.flatnonzero(known.any(axis=0)):
        rows = known[:, column]
        one = Ridge(strength).fit(x[rows], y[rows, column])
        model.coef_[column], model.intercept_[column] = one.coef_, one.intercept_
    return model
