"""Windows of series as batches: what a forecast sees, and what it is to say."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.calendar import calendar_features
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.scaling import Scaling

if TYPE_CHECKING:
    import pandas as pd

Batch = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


class Windows:
    """Batches `(inputs, targets, weights)` of forecasts, in an order that (seed, epoch) determines.

    The inputs are a dict of

    - "past": float32 `(batch, context, targets + past covariates)`, standardised, 0 where unknown;
    - "known": float32, of the same shape, 1 where a value is known;
    - "calendar": float32 `(batch, context + horizon, future covariates + calendar features)`, the first
      standardised, 0 where unknown;
    - "series": int32 `(batch,)`, what the network calls the series;
    - "static": float32 `(batch, static features)`, where there are any.

    Targets are float32 `(batch, horizon, targets)`, standardised, 0 where unknown; weights are 1 where
    they are known. What lies before the first step of a series, or after its last, is unknown.

    Args:
        origins: where the forecasts begin.
        context: steps before that are seen.
        horizon: steps to forecast.
        batch_size: windows of a batch; one batch may have fewer.
        scaling: of the series.
        numbers: what the network calls each series, int32 `(series,)`.
        periods: of the calendar, whose features are there (`calendar_periods`).
        seed: of the order of windows.
        epoch_windows: so many of them in an epoch, others in each; 0: all.
        static: features of each series, float32 `(series, static features)`.
    """

    def __init__(
        self,
        origins: Origins,
        context: int,
        horizon: int,
        batch_size: int,
        scaling: Scaling,
        numbers: np.ndarray,
        periods: Sequence[str] = (),
        seed: int = 0,
        epoch_windows: int = 0,
        static: np.ndarray | None = None,
    ):
        self.context = context
        self.horizon = horizon
        self.batch_size = batch_size
        self.seed = seed
        self.epoch_windows = epoch_windows
        self.windows, self.scaling, self._numbers = origins.windows, scaling, numbers
        series_set = origins.series_set
        self._static = np.zeros((len(series_set), 0), "float32") if static is None else static
        self._targets = len(series_set.targets)
        values, calendars = [], []
        self._starts = np.zeros(len(series_set), "int64")  # where the first step of each series lies
        first = 0
        for number, one in enumerate(series_set.series):
            # Before each series are the steps of a context, after it those of a horizon, so that any
            # window lies within one array of all series.
            columns = np.concatenate([one.targets, one.past], axis=1)
            future = one.future[: len(one) + horizon]
            after = len(one) + horizon - len(future)
            middle, mean, scale = columns.shape[1], scaling.mean[number], scaling.scale[number]
            columns = (columns - mean[:middle]) / scale[:middle]
            future = (future - mean[middle:]) / scale[middle:]
            columns = np.pad(columns, ((context, horizon), (0, 0)), constant_values=np.nan)
            future = np.pad(future, ((context, after), (0, 0)))
            known = [np.nan_to_num(future)]
            if periods:
                known.append(calendar_features(_around(one.times, context, horizon), periods))
            values.append(columns.astype("float32"))
            calendars.append(np.concatenate(known, axis=1, dtype="float32"))
            self._starts[number] = first + context
            first += len(columns)
        joined = np.concatenate(values)
        self._known = (~np.isnan(joined)).astype("float32")
        self._values = np.nan_to_num(joined)
        self._calendar = np.concatenate(calendars)

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
        yield from (self._values, self._known, self._calendar, self.windows, self._static)

    def _windows_of_epoch(self) -> int:
        return min(self.epoch_windows or len(self.windows), len(self.windows))

    def _batch(self, rows: np.ndarray) -> Batch:
        series, origins = self.windows[rows].T
        steps = (self._starts[series] + origins)[:, None] + np.arange(-self.context, self.horizon)
        past, coming = steps[:, : self.context], steps[:, self.context :]
        inputs = {
            "past": self._values[past],
            "known": self._known[past],
            "calendar": self._calendar[steps],
            "series": self._numbers[series],
        }
        if self._static.size:
            inputs["static"] = self._static[series]
        targets = self._values[coming][..., : self._targets]
        return inputs, targets, self._known[coming][..., : self._targets]


def _around(times: "pd.DatetimeIndex", context: int, horizon: int) -> "pd.DatetimeIndex":
    """The times of a series, those of a context before and of a horizon after."""
    import pandas as pd

    before = pd.date_range(end=times[0], periods=context + 1, freq=times.freq)[:-1]
    after = pd.date_range(times[-1], periods=horizon + 1, freq=times.freq)[1:]
    return before.append([times, after])
