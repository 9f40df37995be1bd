"""What the calendar tells of times: the features that every forecast knows beforehand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.frequency import DAY, typical_step

if TYPE_CHECKING:
    import pandas as pd

MINUTE, HOUR = DAY // 1440, DAY // 24
PERIODS = {  # each with the length that a step must be below for it to vary, in microseconds
    "second of minute": MINUTE,
    "minute of hour": HOUR,
    "hour of day": DAY,
    "day of week": 7 * DAY,
    "day of year": 360 * DAY,
}


def calendar_periods(frequency: str, steps: int) -> tuple[str, ...]:
    """The periods within which times of a frequency differ, and of which so many steps have two.

    Of a year that came once nothing can be learnt: what is said of its autumn would be made up.
    """
    step = typical_step(frequency)
    return tuple(
        period for period, length in PERIODS.items() if step < length and 2 * length <= step * steps
    )


def calendar_features(times: "pd.DatetimeIndex", periods: Sequence[str]) -> np.ndarray:
    """Sine and cosine of where times lie in periods.

    Args:
        times: `(time,)`.
        periods: some of `calendar_periods`.

    Returns:
        float32 `(time, 2 * periods)`.
    """
    hours = np.asarray(times.hour) + np.asarray(times.minute) / 60 + np.asarray(times.second) / 3600
    parts = {
        "second of minute": np.asarray(times.second) / 60,
        "minute of hour": hours % 1,
        "hour of day": hours / 24,
        "day of week": np.asarray(times.day_of_week) / 7,
        "day of year": (np.asarray(times.day_of_year) - 1) / np.where(times.is_leap_year, 366, 365),
    }
    angles = [2 * np.pi * parts[period] for period in periods]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.array(waves, "float32").reshape(len(waves), len(times)).T
