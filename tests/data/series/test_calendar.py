import numpy as np
import pandas as pd
import pytest

from rnnapps.data.series.calendar import calendar_features, calendar_periods


@pytest.mark.parametrize(
    ("frequency", "periods"),
    [
        ("s", ("second of minute", "minute of hour", "hour of day", "day of week", "day of year")),
        ("5min", ("minute of hour", "hour of day", "day of week", "day of year")),
        ("h", ("hour of day", "day of week", "day of year")),
        ("12h", ("hour of day", "day of week", "day of year")),
        ("D", ("day of week", "day of year")),
        ("B", ("day of week", "day of year")),
        ("W-SUN", ("day of year",)),
        ("MS", ("day of year",)),
        ("QE-DEC", ("day of year",)),
        ("YS-JAN", ()),
    ],
)
def test_periods(frequency, periods):
    assert calendar_periods(frequency, 10**9) == periods
    times = pd.date_range("2013-01-01", periods=5, freq=frequency)
    features = calendar_features(times, periods)
    assert features.dtype == np.float32 and features.shape == (5, 2 * len(periods))


def test_values():
    times = pd.DatetimeIndex(["2013-01-01 00:00", "2013-01-02 06:00", "2016-07-02 12:00"])
    features = calendar_features(times, ("hour of day", "day of week", "day of year"))
    assert features[:, :2] == pytest.approx(np.array([[0, 1], [1, 0], [0, -1]]), abs=1e-6)
    assert features[1, 2:4] == pytest.approx([np.sin(4 * np.pi / 7), np.cos(4 * np.pi / 7)])  # Wednesday
    assert features[[0, 2], 4:] == pytest.approx(np.array([[0, 1], [0, -1]]), abs=1e-6)  # 183 of 366


def test_periods_of_which_there_are_not_two_are_left_out():
    assert calendar_periods("h", 8760) == ("hour of day", "day of week")
    assert calendar_periods("h", 47) == ()
    assert calendar_periods("D", 3 * 365) == ("day of week", "day of year")
