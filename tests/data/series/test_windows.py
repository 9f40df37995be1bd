from itertools import chain

import numpy as np
import pandas as pd
import pytest

from rnnapps import datasets
from rnnapps.data.series.calendar import calendar_features
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.read import read_series
from rnnapps.data.series.scaling import Scaling
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.series.windows import Windows

CONTEXT, HORIZON = 6, 3


@pytest.fixture(scope="module")
def series():
    """Two series of a target, a past covariate and a future one, with gaps."""
    random = np.random.default_rng(0)
    frames = []
    for name, length in (("a", 40), ("b", 25)):
        frame = pd.DataFrame(random.normal(5, 3, (length, 3)), columns=["x", "p", "f"])
        frame.loc[10:15, "x"] = np.nan
        frame.loc[20, "p"] = np.nan
        frame.loc[length - 2 :, "x"] = np.nan  # the known future
        frames.append(
            frame.assign(time=pd.date_range("2013-01-01", periods=length, freq="h"), name=name)
        )
    config = SeriesSourceConfig(id_column="name", past_covariates="p", future_covariates="f")
    return read_series(config, datasets.path("series"), pd.concat(frames))


ORIGINS = [*((0, origin) for origin in range(6, 36)), *((1, origin) for origin in range(6, 21))]
PERIODS = ("hour of day", "day of week", "day of year")
NUMBERS = np.array([2, 0], "int32")  # what the network calls the series


@pytest.fixture(scope="module")
def windows(series):
    scaling, origins = Scaling.of(series, [30, 20]), Origins(series, np.array(ORIGINS, "int32"))
    return Windows(origins, CONTEXT, HORIZON, 8, scaling, NUMBERS, PERIODS, seed=3)


def test_standardisation(series):
    mean, scale, _ = Scaling.of(series, [30, 20])
    assert mean.dtype == scale.dtype == np.float32 and mean.shape == scale.shape == (2, 3)
    one = series.series[1]
    assert mean[1] == pytest.approx(
        [np.nanmean(one.targets[:20]), np.nanmean(one.past[:20]), one.future[:20].mean()], rel=1e-5
    )
    assert scale[1, 0] == pytest.approx(np.nanstd(one.targets[:20]), rel=1e-5)
    one.past[:] += 1000 * (np.arange(len(one)) >= 20)[:, None]  # what comes later has no part in it
    assert Scaling.of(series, [30, 20]).mean.tolist() == mean.tolist()
    one.past[:] -= 1000 * (np.arange(len(one)) >= 20)[:, None]


def test_constant_and_empty_columns_have_scale_1():
    table = {"time": pd.date_range("2013-01-01", periods=9), "x": [0.1] * 9, "y": [None] * 8 + [1]}
    scaling = Scaling.of(read_series(SeriesSourceConfig(), datasets.path("series"), table), [8])
    assert scaling.mean[0] == pytest.approx([0.1, 0]) and scaling.scale[0].tolist() == [1, 1]
    assert scaling.naive_error[0].tolist() == [1, 1]


def test_the_error_of_the_seasonal_naive_forecast():
    """Of days, a week ago: 7 more each week, as a share of the deviation of what was known."""
    table = {"time": pd.date_range("2013-01-01", periods=21), "x": [*range(14), *[1e6] * 7]}
    scaling = Scaling.of(read_series(SeriesSourceConfig(), datasets.path("series"), table), [14])
    assert scaling.naive_error[0, 0] == pytest.approx(7 / np.arange(14).std(), rel=1e-5)


def test_windows_are_what_the_series_have(series, windows):
    """Each number of every window, computed from the series as they are."""
    mean, scale, _ = windows.scaling
    count = 0
    rows = iter(windows.windows.tolist())
    for inputs, targets, weights in windows.in_order_of_length():
        for row in range(len(targets)):
            number, origin = next(rows)
            one = series.series[number]
            before, after = slice(origin - CONTEXT, origin), slice(origin, origin + HORIZON)
            past = (np.concatenate([one.targets, one.past], 1)[before] - mean[number, :2]) / scale[
                number, :2
            ]
            np.testing.assert_allclose(inputs["past"][row], np.nan_to_num(past), rtol=1e-5, atol=1e-6)
            assert (inputs["known"][row] == ~np.isnan(past)).all()
            whole = slice(origin - CONTEXT, origin + HORIZON)
            times = one.times[0] + pd.to_timedelta(
                np.arange(origin - CONTEXT, origin + HORIZON), unit="h"
            )
            expected = np.concatenate(
                [
                    (one.future[whole] - mean[number, 2]) / scale[number, 2],
                    calendar_features(times, PERIODS),
                ],
                1,
            )
            np.testing.assert_allclose(inputs["calendar"][row], expected, rtol=1e-5, atol=1e-6)
            assert inputs["series"][row] == NUMBERS[number]
            coming = (one.targets[after] - mean[number, 0]) / scale[number, 0]
            assert (weights[row] == ~np.isnan(coming)).all()
            np.testing.assert_allclose(targets[row], np.nan_to_num(coming), rtol=1e-5, atol=1e-6)
            count += 1
    assert next(rows, None) is None
    assert count == 45
    kinds = [inputs[name].dtype for name in ("past", "known", "calendar", "series")]
    assert kinds == ["float32", "float32", "float32", "int32"]
    assert targets.dtype == weights.dtype == np.float32


def seen(batches):
    """What tells the windows of each batch apart."""
    return [inputs["calendar"][:, 0, 0].tolist() for inputs, _, _ in batches]


def test_order_follows_from_seed_epoch_and_step(windows):
    whole, other = seen(windows.epoch(2)), seen(windows.epoch(3))
    assert len(whole) == len(windows) == 6
    assert seen(windows.epoch(2, start=2)) == whole[2:]
    assert whole != other and sorted(chain(*whole)) == sorted(chain(*other))


def test_some_windows_of_an_epoch(series, windows):
    origins = Origins(series, windows.windows)
    some = Windows(origins, CONTEXT, HORIZON, 8, windows.scaling, NUMBERS, epoch_windows=3)
    assert len(some) == 1 and [len(y) for _, y, _ in some.epoch(0)] == [3]
    assert {tuple(inputs["series"]) for epoch in range(9) for inputs, _, _ in some.epoch(epoch)} != {
        (0,)
    }
    assert sum(len(y) for _, y, _ in some.in_order_of_length()) == 45


def test_without_the_calendar(series, windows):
    origins = Origins(series, windows.windows)
    bare = Windows(origins, CONTEXT, HORIZON, 8, windows.scaling, NUMBERS)
    (inputs, _, _), _ = bare.extremes()
    assert inputs["calendar"].shape[-1] == 1  # the future covariate


def test_extremes_and_arrays(windows):
    small, large = windows.extremes()
    assert (len(small[1]), len(large[1])) == (5, 8)
    assert all(isinstance(array, np.ndarray) for array in windows.arrays())


def test_a_forecast_at_the_end_sees_the_known_future(series):
    """Of a series that ends, and with a longer context than it has."""
    mean, scale, _ = scaling = Scaling.of(series, [30, 20])
    ends = np.array([(number, len(one)) for number, one in enumerate(series.series)], "int32")
    last = Windows(Origins(series, ends), 30, HORIZON, 8, scaling, NUMBERS)
    ((inputs, _, weights),) = last.in_order_of_length()
    assert weights.sum() == 0 and last.windows[:, 1].tolist() == [38, 23]
    future = (series.series[1].future[23:25, 0] - mean[1, 2]) / scale[1, 2]
    assert inputs["calendar"][1, 30:, 0] == pytest.approx([*future, 0], rel=1e-5)
    assert inputs["known"][1, :7].sum() == 0 and inputs["known"][1, 7:, 1].sum() == 22
