import numpy as np
import pandas as pd
import pytest

from rnnapps import datasets
from rnnapps.data.series.read import read_series
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.series.splits import split_origins, split_points
from rnnapps.errors import UserError

FOLDER = datasets.path("series")


def series(*lengths, zone=None):
    """A series of each length, hour by hour."""
    times = pd.date_range("2013-01-01", periods=max(lengths), freq="h", tz=zone)
    rows = [
        (name, time, 1.0)
        for name, length in zip("abc", lengths, strict=False)
        for time in times[:length]
    ]
    frame = pd.DataFrame(rows, columns=["name", "time", "x"])
    return read_series(SeriesSourceConfig(id_column="name"), FOLDER, frame)


def ranges(splits):
    """The first and the last origin of each series, of each split."""
    return {
        split: [
            (int(of_one.min()), int(of_one.max()))
            for number in range(len(some.series_set))
            for of_one in [some.windows[some.windows[:, 0] == number, 1]]
        ]
        for split, some in splits.items()
    }


def test_shares():
    found = series(100, 50)
    splits = split_origins(found, SeriesSourceConfig(), 10, 5)
    assert ranges(splits) == {
        "train": [(10, 65), (10, 30)],
        "validation": [(70, 75), (35, 35)],
        "test": [(80, 95), (40, 45)],
    }
    assert {split: len(some) for split, some in splits.items()} == {
        "train": 56 + 21,
        "validation": 6 + 1,
        "test": 16 + 6,
    }
    assert len({some.digest() for some in splits.values()}) == 3


def test_a_stride_is_of_the_training_only():
    splits = split_origins(series(100), SeriesSourceConfig(), 10, 5, stride=20)
    assert splits["train"].windows[:, 1].tolist() == [10, 30, 50]
    assert len(splits["test"]) == 16


def test_origins_of_which_nothing_is_known_to_have_come_are_left_out():
    times = pd.date_range("2013-01-01", periods=100, freq="h")
    frame = pd.DataFrame({"time": times, "x": 1.0})
    frame.loc[20:30, "x"] = float("nan")
    found = read_series(SeriesSourceConfig(), FOLDER, frame)
    origins = split_origins(found, SeriesSourceConfig(), 10, 5)["train"].windows[:, 1].tolist()
    assert origins == [*range(10, 20), *range(27, 66)]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times(zone):
    config = SeriesSourceConfig(
        validation_start="2013-01-02", test_start="2013-01-03T00:30", test_end="2013-01-04"
    )
    assert split_points(series(100, zone=zone).series[0], config) == (24, 49, 72)
    config = SeriesSourceConfig(test_start="2013-01-03")
    assert split_points(series(100, zone=zone).series[0], config) == (38, 48, 100)


def test_horizons_end_before_the_next_part_begins():
    origins = ranges(split_origins(series(1000), SeriesSourceConfig(), 48, 24))
    (train,), (validation,), (test,) = origins.values()
    assert train[1] + 24 == validation[0] and validation[1] + 24 == test[0] and test[1] + 24 == 1000


def test_too_short():
    found = series(100, 30)
    message = (
        "embedded: series 'b' has 30 steps, 21 of them to train on, but one window is 20 \\+ 2: shorten "
        "--context or --horizon, or leave it out"
    )
    with pytest.raises(UserError, match=message):
        split_origins(found, SeriesSourceConfig(), 20, 2)
    with pytest.raises(UserError, match="no series has the 12 steps of a forecast .* validation part"):
        split_origins(series(100), SeriesSourceConfig(), 20, 12)


def test_of_very_many_forecasts_some_are_scored(monkeypatch):
    """Always the same, in their order; all are trained on."""
    whole = split_origins(series(1000), SeriesSourceConfig(), 10, 5)
    monkeypatch.setattr("rnnapps.data.series.splits.MOST_SCORED", 50)
    first, again = (split_origins(series(1000), SeriesSourceConfig(), 10, 5) for _ in range(2))
    assert len(first["train"]) == len(whole["train"])
    for split in ("validation", "test"):
        assert len(first[split]) == 50 < len(whole[split])
        origins = first[split].windows[:, 1]
        assert (np.diff(origins) > 0).all() and set(origins) < set(whole[split].windows[:, 1])
        np.testing.assert_array_equal(origins, again[split].windows[:, 1])
