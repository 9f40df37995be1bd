"""What a forecaster keeps of the series that it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rnnapps.data.series.calendar import PERIODS, calendar_periods
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.scaling import Scaling
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.static_features import StaticFeatures
from rnnapps.data.series.windows import Windows
from rnnapps.errors import UserError
from rnnapps.forecasting.config import ForecastingConfig

LISTS = ("columns", "names", "periods")


@dataclass(frozen=True)
class KnownSeries:
    """Names, columns and sizes of the series of a training."""

    frequency: str
    columns: tuple[str, ...]
    """targets, past and future covariates"""
    names: tuple[str, ...]
    """of the series"""
    periods: tuple[str, ...]
    """of the calendar, of which the training parts have seen two"""
    scaling: Scaling
    """of the training parts"""
    static: StaticFeatures = StaticFeatures()
    """what the static columns say"""
    counts: bool = False
    """whether the targets are counts"""
    until: np.datetime64 | None = None
    """the last time that the training has seen; earlier bundles do not say"""

    @classmethod
    def of(
        cls, series_set: SeriesSet, ends: Sequence[int], calendar: bool = True, counts: bool = False
    ) -> Self:
        """That of a set, of what lies before the ends of the training parts."""
        names = tuple(series.name for series in series_set.series)
        periods = calendar_periods(series_set.frequency, max(ends)) if calendar else ()
        scaling = Scaling.of(series_set, ends, counts)
        static = StaticFeatures.of([series.static for series in series_set.series])
        pairs = zip(series_set.series, ends, strict=True)
        until = max(series.times[end - 1] for series, end in pairs if end)
        columns = _columns(series_set)
        last = until.tz_localize(None).to_datetime64()
        return cls(series_set.frequency, columns, names, periods, scaling, static, counts, last)

    def scaling_of(self, series_set: SeriesSet, ends: Sequence[int]) -> Scaling:
        """That of another set: unknown series have that of their own values before the ends."""
        scaling = Scaling.of(series_set, ends, self.counts)
        for row, series in enumerate(series_set.series):
            if series.name in self.names:
                scaling.replaced(row, self.scaling, self.names.index(series.name))
        return scaling

    def windows(
        self,
        origins: Origins,
        config: ForecastingConfig,
        batch_size: int,
        seed: int = 0,
        epoch_windows: int = 0,
    ) -> Windows:
        """The windows of forecasts, standardised. A series that is unknown has the size that it has
        before its first origin.
        """
        series_set, options = origins.series_set, config.windows
        first = np.array([len(series) for series in series_set.series])
        np.minimum.at(first, *origins.windows.T)
        scaling = self.scaling_of(series_set, first.tolist())
        static = self.static.features([series.static for series in series_set.series])
        if config.model.network == "autoregressive":
            scales = np.log(scaling.scale[:, : len(series_set.targets)])
            static = np.concatenate([static, scales], axis=1)
        return Windows(
            origins,
            options.context,
            options.horizon,
            batch_size,
            scaling,
            self.numbers(series_set),
            self.periods,
            seed,
            epoch_windows,
            static,
        )

    def numbers(self, series_set: SeriesSet) -> np.ndarray:
        """What the network calls each series, int32: from 1 on, 0 for an unknown one."""
        numbers = {name: number for number, name in enumerate(self.names, start=1)}
        return np.array([numbers.get(series.name, 0) for series in series_set.series], "int32")

    def check(self, series_set: SeriesSet, where: str) -> None:
        """Refuse a set of other columns or of another frequency, or without counts where they are
        foretold.

        Raises:
            UserError: with what it has and what it should have.
        """
        theirs = _columns(series_set)
        if theirs != self.columns:
            raise UserError(
                f"{where}: its columns are {', '.join(theirs)}; this network was trained on "
                f"{', '.join(self.columns)}"
            )
        if series_set.frequency != self.frequency:
            raise UserError(
                f"{where}: its times are {series_set.frequency} apart; those of the training were "
                f"{self.frequency}"
            )
        for series in series_set.series if self.counts else ():
            for name, values in zip(series_set.targets, series.targets.T, strict=True):
                check_counts(values, f"{where}: '{name}'")

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        sizes = {name: array.tolist() for name, array in self.scaling._asdict().items()}
        about = {name: getattr(self, name) for name in ("frequency", *LISTS, "counts")}
        until = None if self.until is None else str(self.until)
        return about | sizes | {"static": self.static.to_list(), "until": until}

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """What `to_dict` gave.

        Raises:
            ValueError, KeyError or TypeError: it is something else.
        """
        columns, names, periods = (tuple(map(str, values[name])) for name in LISTS)
        scaling = Scaling(*(finite(values[name]) for name in Scaling._fields))
        expected = (len(names), len(columns))
        rows = scaling.naive_error.shape[:1]
        if not scaling.mean.shape == scaling.scale.shape == expected or rows != expected[:1]:
            raise ValueError(f"sizes of {scaling.mean.shape}, and {expected} series and columns")
        if not (scaling.scale > 0).all():
            raise ValueError("a scale is not above 0")
        if unknown := set(periods) - set(PERIODS):
            raise ValueError(f"no periods of the calendar: {unknown}")
        # Earlier bundles have none of these.
        static, counts = StaticFeatures.from_list(values.get("static", ())), values.get("counts") is True
        until = values.get("until")
        until = None if until is None else np.datetime64(str(until), "us")
        return cls(str(values["frequency"]), columns, names, periods, scaling, static, counts, until)


def check_counts(values: np.ndarray, where: str) -> None:
    """Refuse values that are no counts; those that are not known are NaN.

    Raises:
        UserError: with the first such value.
    """
    wrong = values[(values < 0) | (values % 1 > 0)]  # not NaN, which is neither
    if len(wrong):
        raise UserError(
            f"{where} has {wrong[0]:g}, which is no count: with --distribution negative_binomial a "
            f"network foretells whole numbers from 0 on"
        )


def finite(values: Any) -> np.ndarray:
    """Numbers of a bundle as float32.

    Raises:
        ValueError: one is no finite number.
    """
    array = np.array(values, "float32")
    if not np.isfinite(array).all():
        raise ValueError("a value is no finite number")
    return array


def _columns(series_set: SeriesSet) -> tuple[str, ...]:
    return (*series_set.targets, *series_set.past, *series_set.future)
