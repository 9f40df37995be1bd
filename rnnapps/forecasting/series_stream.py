"""Series as they come: a row in, the quantiles of the next step out."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rnnapps.data.series.calendar import calendar_features
from rnnapps.data.series.frequency import DAY, typical_step
from rnnapps.data.series.numbers import number_of
from rnnapps.data.series.times import parse_times
from rnnapps.data.values import name_of, present
from rnnapps.errors import UserError
from rnnapps.forecasting.config import LEVELS
from rnnapps.forecasting.known_series import check_counts
from rnnapps.forecasting.next_steps import features
from rnnapps.forecasting.prediction import bounds, decimals, rounded
from rnnapps.inference.outputs import checked

if TYPE_CHECKING:
    from rnnapps.forecasting.predictor import ForecastingPredictor

log = logging.getLogger(__name__)

BLOCK = 256  # steps whose calendar is made at once: of one alone it would take longer than the network


@dataclass(frozen=True)
class StreamedValue:
    """A value of a stream, beside what was foretold for it, and what is foretold for the next step.

    The quantiles are float32 `(levels,)`, in the units of the data; `foretold` is None at the first step
    of a series, and after a gap longer than the context of the training.
    """

    series: str
    target: str
    time: pd.Timestamp
    value: float | None
    foretold: np.ndarray | None
    next_time: pd.Timestamp
    ahead: np.ndarray
    interval: int
    """50, 80 or 95: values that are outside of it are marked"""

    @property
    def outside(self) -> bool:
        """Whether the value lies outside of the interval that was foretold for it."""
        if self.value is None or self.foretold is None:
            return False
        low, high = bounds(self.foretold, self.interval)
        return not low <= self.value <= high

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "series": self.series,
            "target": self.target,
            "time": self.time.isoformat(),
            "value": self.value,
            "levels": list(LEVELS),
            "foretold": None if self.foretold is None else rounded(self.foretold),
            "next_time": self.next_time.isoformat(),
            "next": rounded(self.ahead),
            "outside": self.outside,
        }

    def describe(self) -> str:
        """For people: time, value, the next step's interval, and whether this was outside of its own."""
        low, high = bounds(self.ahead, self.interval)
        digits = decimals(high - low)
        value = "unknown" if self.value is None else f"{self.value:.10g}"
        text = f"next {self.ahead[LEVELS.index(0.5)]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
        words = [str(self.time), self.series, self.target, value, text]
        if self.outside and self.foretold is not None:
            low, high = bounds(self.foretold, self.interval)
            words.append(f"OUTSIDE {low:.{digits}f} to {high:.{digits}f}")
        return "  ".join(word for word in words if word)


class _Lane:
    """Where a series stands."""

    def __init__(self, state: Any, place: int, static: np.ndarray, targets: int):
        self.state = state  # of the network
        self.place = place  # among the series of the training
        self.static = static  # features, float32 `(1, features)`
        self.last = np.zeros(targets, "float32")  # known values, standardised
        self.ahead: np.ndarray | None = None  # quantiles of the next step, standardised
        self.steps: Iterator[tuple[pd.Timestamp, np.ndarray]] = iter(())
        self.time = pd.Timestamp(0)  # of the next step
        self.before: _Lane | None = (
            None  # at its first row: the series before a gap, which may be an error
        )


class SeriesStream:
    """An autoregressive network that reads the rows of series as they come, with carried states.

    After each row it gives what the network gives for all rows so far, at a cost that does not grow.

    Args:
        predictor: with the network, and what it knows of its series.
        interval: 50, 80 or 95; values that are outside of it are marked.
    """

    def __init__(self, predictor: "ForecastingPredictor", interval: int = 95):
        source = predictor.config.source
        self.known, self.sampler = predictor.known, predictor.sampler
        self._corrections = predictor.corrections[0]
        self._targets, self.interval = len(self._corrections), interval
        self._most = predictor.config.windows.context
        self._static = source.static_covariates
        self._days = typical_step(self.known.frequency) >= DAY  # of which the clock does not matter
        self._zone = None if self._days else source.time_zone
        self._step = pd.tseries.frequencies.to_offset(self.known.frequency)
        self._lanes: dict[str, _Lane] = {}

    def push(
        self, time: Any, values: Mapping[str, Any], series: str = "", decimal_comma: bool = False
    ) -> list[StreamedValue]:
        """Read a row, and say what comes next.

        Steps that were left out since the row before are read as unknown; after more than the context of
        the training, the series begins anew, unless the next row shows that this one's time was wrong.

        Args:
            time: a datetime, or a text, in the steps of the training.
            values: by the names of the columns; None, NaN or "" for one that is unknown.
            series: its name, where there are several.
            decimal_comma: whether a comma divides the digits in texts.

        Returns:
            A `StreamedValue` for each target.

        Raises:
            UserError: a time that is none, is not after the one before or lies between the steps; a
                value that is no number; a series that the training had not.
        """
        row = np.array([_number(values, name, decimal_comma) for name in self.known.columns])
        for number in range(self._targets if self.known.counts else 0):
            check_counts(row[number, None], f"'{self.known.columns[number]}'")
        stamp = _time(time, self._days)
        if self._zone and stamp.tz is None:
            lane = self._lanes.get(series)
            stamp = _localised(stamp, self._zone, lane and lane.time)
        lane = self._lane(series, stamp, values)
        before = lane.ahead
        self._read(lane, row)
        mean, scale = (part[lane.place, : self._targets, None] for part in self.known.scaling[:2])
        ahead = lane.ahead * scale + mean
        foretold = [None] * self._targets if before is None else before * scale + mean
        return [
            StreamedValue(
                series,
                self.known.columns[number],
                stamp,
                None if np.isnan(row[number]) else float(row[number]),
                foretold[number],
                lane.time,
                ahead[number],
                self.interval,
            )
            for number in range(self._targets)
        ]

    def _lane(self, series: str, time: pd.Timestamp, values: Mapping[str, Any]) -> _Lane:
        """Where a series stands at a time; the steps that were left out before it are read."""
        lane = self._lanes.get(series)
        if lane is not None and (time.tz is None) != (lane.time.tz is None):
            raise UserError(f"the time {time}: some times have an offset from UTC, and some have none")
        if lane is not None and lane.before is not None and time < lane.time - self._step:
            log.warning("the time %s was far ahead, and is forgotten", lane.time - self._step)
            lane = lane.before
        if lane is None or time > lane.time + self._most * self._step:
            before, lane = lane, self._new(series, values)
            lane.before = before
            lane.steps = self._steps_from(time)
            lane.time, _ = next(lane.steps)
        if lane.ahead is not None and time <= lane.time - self._step:
            raise UserError(f"the time {time} is not after {lane.time - self._step}, which came before")
        if time != lane.time:
            left_out = pd.date_range(lane.time, time, freq=self._step)
            if not len(left_out) or left_out[-1] != time:
                raise UserError(f"the time {time} is not in steps of {self.known.frequency}")
            for _ in left_out[:-1]:
                self._read(lane, np.full(len(self.known.columns), np.nan))
        if lane.ahead is not None:
            lane.before = None  # two rows agree
        self._lanes[series] = lane
        return lane

    def _new(self, series: str, values: Mapping[str, Any]) -> _Lane:
        if series not in self.known.names:
            names = ", ".join(self.known.names[:10]) or "none"
            raise UserError(f"the series '{series:.40}' was not in the training, which had {names}")
        place = self.known.names.index(series)
        static = self.known.static.features(
            [tuple(name_of(present(values.get(name))) for name in self._static)]
        )
        scales = np.log(self.known.scaling.scale[place, : self._targets])
        static = np.concatenate([static, scales[None]], axis=1)
        return _Lane(self.sampler.start(self._targets), place, static, self._targets)

    def _read(self, lane: _Lane, row: np.ndarray) -> None:
        """One step of the network, from the values of a row in the units of the data."""
        mean, scale = (part[lane.place] for part in self.known.scaling[:2])
        values = ((row - mean) / scale).astype("float32")
        known = ~np.isnan(values)
        own = slice(self._targets)
        lane.last = np.where(known[own], values[own], lane.last)
        lane.time, calendar = next(lane.steps)
        inputs = {
            "past": np.nan_to_num(values)[None, None],
            "known": known[None, None].astype("float32"),
            "calendar": np.stack([calendar, calendar])[None],  # of the next step; its own is not read
            "static": lane.static,
        }
        x = features(inputs, self._targets)[0, 0]
        x[:, 0] = lane.last
        outputs, lane.state = self.sampler.step(x, lane.state)
        quantiles = checked(self.sampler.distribution.quantiles(outputs, LEVELS))
        ahead = np.sort(quantiles + self._corrections, axis=-1).astype("float32")
        lane.ahead = np.maximum(ahead, 0) if self.known.counts else ahead

    def _steps_from(self, time: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, np.ndarray]]:
        """All steps from a time on, and what the calendar says of each."""
        while True:
            times = pd.date_range(time, periods=BLOCK + 1, freq=self._step)
            yield from zip(times[:-1], calendar_features(times[:-1], self.known.periods), strict=True)
            time = times[-1]


def _number(values: Mapping[str, Any], name: str, decimal_comma: bool) -> float:
    number = number_of(present(values.get(name)), decimal_comma)
    if isinstance(number, str):
        raise UserError(f"'{name}': {number}")
    return number


def _time(value: Any, days: bool) -> pd.Timestamp:
    """A time, naive or in UTC, as `rnnapps.data.series.times` reads those of a column."""
    try:  # many times as fast
        time = pd.Timestamp(datetime.fromisoformat(value.strip()))
    except (AttributeError, TypeError, ValueError):  # no text, or not in ISO 8601
        problems: list[str] = []
        times = parse_times([present(value)], "time", lambda _, problem: problems.append(problem), days)
        if problems:
            raise UserError(problems[0]) from None
        return times[0]
    if time.tz is None:
        return time
    return time.tz_localize(None) if days else time.tz_convert("UTC")


def _localised(time: pd.Timestamp, zone: str, expected: pd.Timestamp | None) -> pd.Timestamp:
    """A local time in UTC; of one that comes twice the first that is not before the expected one."""
    try:
        summer, winter = (
            time.tz_localize(zone, ambiguous=dst, nonexistent="raise").tz_convert("UTC")
            for dst in (True, False)
        )
    except ValueError:
        raise UserError(f"the time {time} does not exist in {zone}: clocks went forward") from None
    return winter if expected is not None and summer < expected else summer
