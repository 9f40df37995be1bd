"""What a forecaster answers."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.forecasting.config import LEVELS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from rnnapps.data.series.series_set import SeriesSet

MOST = 12  # fans in a picture


def decimals(width: float) -> int:
    """Digits behind the point that tell values of an interval apart: three of those of its width."""
    return min(max(2 - math.floor(math.log10(width)), 0), 12) if width > 0 else 6


def bounds(quantiles: np.ndarray, interval: int) -> tuple[float, float]:
    """Those of an interval of so many per cent, 50, 80 or 95."""
    number = LEVELS.index(round(0.5 - interval / 200, 3))
    return float(quantiles[number]), float(quantiles[-1 - number])


def rounded(quantiles: np.ndarray) -> list:
    """Quantiles as numbers of JSON."""
    return np.round(quantiles.astype(float), 6).tolist()


@dataclass(frozen=True)
class Forecast:
    """The steps after the end of each series of a table.

    `quantiles` are float32 `(series, horizon, targets, levels)` in the units of the data, `paths`, of an
    autoregressive network that was asked for them, `(series, paths, horizon, targets)`: each a way that
    things may go.
    """

    table: str
    series_set: "SeriesSet"
    quantiles: np.ndarray
    paths: np.ndarray | None = None

    def times(self, number: int) -> "pd.DatetimeIndex":
        """Of the steps of a series."""
        import pandas as pd

        times = self.series_set.series[number].times
        return pd.date_range(times[-1], periods=self.quantiles.shape[1] + 1, freq=times.freq)[1:]

    def to_frame(self) -> "pd.DataFrame":
        """A row for each step of each target: series, time, target, and a column for each quantile, and
        for each path if there are any.
        """
        import pandas as pd

        frames = []
        for number, series in enumerate(self.series_set.series):
            for place, target in enumerate(self.series_set.targets):
                values = self.quantiles[number, :, place]
                about = {"series": series.name, "time": self.times(number), "target": target}
                columns = {f"{level:g}": values[:, at] for at, level in enumerate(LEVELS)}
                for at, path in enumerate(() if self.paths is None else self.paths[number], start=1):
                    columns[f"path {at}"] = path[:, place]
                frames.append(pd.DataFrame(about | columns))
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "table": self.table,
            "levels": list(LEVELS),
            "series": [
                {
                    "name": series.name,
                    "times": [time.isoformat() for time in self.times(number)],
                    "quantiles": {
                        target: rounded(self.quantiles[number, :, place])
                        for place, target in enumerate(self.series_set.targets)
                    },
                }
                for number, series in enumerate(self.series_set.series)
            ],
        }

    def describe(self, number: int | None = None) -> str:
        """For people: the median of each step, and the interval that holds 80 % of what may come."""
        lines = []
        for place, series in enumerate(self.series_set.series):
            for at, target in enumerate(self.series_set.targets):
                lines.append(" ".join(word for word in (self.table, series.name, target) if word))
                for time, values in zip(self.times(place), self.quantiles[place, :, at], strict=True):
                    low, high = bounds(values, 80)
                    digits = decimals(high - low)
                    interval = f"80 %: {low:.{digits}f} to {high:.{digits}f}"
                    median = values[LEVELS.index(0.5)]
                    lines.append(f"    {time}  {median:10.{digits}f}   {interval}")
        return "\n".join(lines)

    def plot(self) -> "Figure":
        """The end of the first series, and the fans of their forecasts."""
        from rnnapps.evaluation.plots import plot_forecast

        panels = []
        before = 3 * self.quantiles.shape[1]
        for number, series in enumerate(self.series_set.series):
            for place, target in enumerate(self.series_set.targets):
                title = f"{series.name} {target}".strip()
                past = series.times[-before:], series.targets[-before:, place]
                ahead = self.times(number), self.quantiles[number, :, place]
                panels.append((title, *past, *ahead))
        return plot_forecast(panels[:MOST], LEVELS)
