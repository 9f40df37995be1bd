"""Windows of series as batches: what a forecast sees, and what it is to say."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.calendar import calendar_features
from rnnapps.data.series.series_set import SeriesSet

if TYPE_CHECKING:
    import pandas as pd

Batch = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


def standardisation(series_set: SeriesSet, ends: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of each column of each series, of what lies before its end.

    The scale is the standard deviation; 1 of a column that is constant or empty, whose mean is then its
    value or 0.

    Args:
        series_set: the series.
        ends: of each series, the index at which its training part ends.

    Returns:
        Two float32 arrays `(series, targets + past + future)`.
    """
    columns = len(series_set.targets) + len(series_set.past) + len(series_set.future)
    means = np.zeros((len(series_set), columns), "float32")
    scales = np.ones((len(series_set), columns), "float32")
    for number, (one, end) in enumerate(zip(series_set.series, ends, strict=True)):
        blocks = (one.targets, one.past, one.future)
        values = np.concatenate([block[:end] for block in blocks], axis=1).astype("float64")
        for column in range(columns):
            known = values[~np.isnan(values[:, column]), column]
            if len(known):
                means[number, column] = known.mean()
                deviation = known.std()
                # Below this it is the error of float32, which values are in.
                constant = deviation <= 1e-6 * np.abs(known).max()
                scales[number, column] = 1.0 if constant else deviation
    return means, scales


class Windows:
    """Batches `(inputs, targets, weights)` of forecasts, in an order that (seed, epoch) determines.

    The inputs are a dict of

    - "past": float32 `(batch, context, targets + past covariates)`, standardised, 0 where unknown;
    - "known": float32, of the same shape, 1 where a value is known;
    - "calendar": float32 `(batch, context + horizon, future covariates + calendar features)`, the first
      standardised, 0 where unknown;
    - "series": int32 `(batch,)`, the number of the series.

    Targets are float32 `(batch, horizon, targets)`, standardised, 0 where unknown; weights are 1 where
    they are known. What lies before the first step of a series, or after its last, is unknown.

    Args:
        series_set: the series.
        origins: of each series, the first and the last index of a first step to forecast.
        context: steps before it that are seen.
        horizon: steps to forecast.
        batch_size: windows of a batch; one batch may have fewer.
        mean: of the columns, float32 `(series, targets + past + future)`, see `standardisation`.
        scale: of the columns, of the same shape.
        seed: of the order of windows.
        stride: from an origin to the next.
        windows_per_epoch: so many of them, others in each epoch (None: all).
        answered: leave out origins without a known target in the horizon.

    Attributes:
        windows: int32 `(windows, 2)`: number of the series, and origin, in order.
    """

    def __init__(
        self,
        series_set: SeriesSet,
        origins: Sequence[tuple[int, int]],
        context: int,
        horizon: int,
        batch_size: int,
        mean: np.ndarray,
        scale: np.ndarray,
        seed: int = 0,
        stride: int = 1,
        windows_per_epoch: int | None = None,
        answered: bool = True,
    ):
        self.context = context
        self.horizon = horizon
        self.batch_size = batch_size
        self.seed = seed
        self.windows_per_epoch = windows_per_epoch
        self._targets = len(series_set.targets)
        values, calendars, windows = [], [], []
        self._starts = np.zeros(len(series_set), "int64")  # where the first step of each series lies
        first = 0
        for number, (one, (begin, end)) in enumerate(zip(series_set.series, origins, strict=True)):
            # Before each series are the steps of a context, after it those of a horizon, so that any
            # window lies within one array of all series.
            columns = np.concatenate([one.targets, one.past], axis=1)
            future = one.future[: len(one) + horizon]
            after = len(one) + horizon - len(future)
            middle = columns.shape[1]
            columns = (columns - mean[number, :middle]) / scale[number, :middle]
            future = (future - mean[number, middle:]) / scale[number, middle:]
            columns = np.pad(columns, ((context, horizon), (0, 0)), constant_values=np.nan)
            future = np.pad(future, ((context, after), (0, 0)))
            calendar = calendar_features(_around(one.times, context, horizon), series_set.frequency)
            values.append(columns.astype("float32"))
            calendars.append(np.concatenate([np.nan_to_num(future), calendar], axis=1, dtype="float32"))
            self._starts[number] = first + context
            first += len(columns)
            chosen = np.arange(max(begin, 0), min(end, len(one)) + 1, stride)
            if answered:
                known = ~np.isnan(columns[context:, : self._targets]).all(axis=1)
                counts = np.concatenate([[0], np.cumsum(known)])
                chosen = chosen[counts[chosen + horizon] > counts[chosen]]
            windows.append(np.stack([np.full(len(chosen), number), chosen], axis=1))
        joined = np.concatenate(values)
        self._known = (~np.isnan(joined)).astype("float32")
        self._values = np.nan_to_num(joined)
        self._calendar = np.concatenate(calendars)
        self.windows = np.concatenate(windows).astype("int32")

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-self._windows_of_epoch() // self.batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from step `start` on."""
        random = np.random.default_rng((self.seed, epoch))
        rows = random.permutation(len(self.windows))[: self._windows_of_epoch()]
        for step in range(start, len(self)):
            yield self._batch(rows[step * self.batch_size : (step + 1) * self.batch_size])

    def in_order_of_length(self) -> Iterator[Batch]:
        """Yield every window once, in the order of `windows`: all are of one length."""
        for start in range(0, len(self.windows), self.batch_size):
            yield self._batch(np.arange(start, min(start + self.batch_size, len(self.windows))))

    def extremes(self) -> tuple[Batch, Batch]:
        """The smallest and the largest batch: all windows are of one length."""
        largest = min(self.batch_size, self._windows_of_epoch())
        smallest = self._windows_of_epoch() % self.batch_size or largest
        return self._batch(np.arange(smallest)), self._batch(np.arange(largest))

    def arrays(self) -> Iterator[np.ndarray]:
        """All that the batches are made of."""
        yield from (self._values, self._known, self._calendar, self.windows)

    def _windows_of_epoch(self) -> int:
        limit = self.windows_per_epoch
        return len(self.windows) if limit is None else min(limit, len(self.windows))

    def _batch(self, rows: np.ndarray) -> Batch:
        series, origins = self.windows[rows].T
        steps = (self._starts[series] + origins)[:, None] + np.arange(-self.context, self.horizon)
        past, coming = steps[:, : self.context], steps[:, self.context :]
        inputs = {
            "past": self._values[past],
            "known": self._known[past],
            "calendar": self._calendar[steps],
            "series": series,
        }
        targets = self._values[coming][..., : self._targets]
        return inputs, targets, self._known[coming][..., : self._targets]


def _around(times: "pd.DatetimeIndex", context: int, horizon: int) -> "pd.DatetimeIndex":
    """The times of a series, those of a context before and of a horizon after."""
    import pandas as pd

    before = pd.date_range(end=times[0], periods=context + 1, freq=times.freq)[:-1]
    after = pd.date_range(times[-1], periods=horizon + 1, freq=times.freq)[1:]
    return before.append([times, after])
