"""From tables, as people have them, to series."""

import logging

import numpy as np
import pandas as pd
import pytest

from rnnapps import datasets
from rnnapps.data.series.read import read_series
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.series.times import parse_times
from rnnapps.errors import UserError

FOLDER = datasets.path("series")


def read(examples, **options):
    return read_series(SeriesSourceConfig(**options), FOLDER, examples)


def read_file(tmp_path, text, name="a.csv", **options):
    (tmp_path / name).write_text(text)
    return read_series(SeriesSourceConfig(data=tmp_path / name, **options), FOLDER)


def hours(count, start="2013-01-01", **options):
    return pd.date_range(start, periods=count, freq="h", **options)


def lines(times, *columns):
    """A CSV of times and values."""
    rows = zip(times, *columns, strict=True)
    return "".join(",".join(map(str, row)) + "\n" for row in [("time", *"xyz"[: len(columns)]), *rows])


@pytest.fixture(scope="module")
def weather():
    return read_series(SeriesSourceConfig(), FOLDER)


class TestEmbedded:
    def test_weather(self, weather):
        assert [one.name for one in weather.series] == ["EWR", "JFK", "LGA"]
        assert (weather.frequency, weather.targets, len(weather)) == ("h", ("temp",), 3)
        assert weather.past == ("dewp", "humid", "pressure", "wind_speed", "precip")
        newark = weather.series[0]
        assert (str(newark.times[0]), newark.times.freqstr) == ("2013-01-01 06:00:00+00:00", "h")
        assert newark.targets.dtype == newark.past.dtype == newark.future.dtype == np.float32
        assert newark.targets.shape == (8730, 1) and newark.past.shape == (8730, 5)
        assert newark.future.shape == (8730, 0)
        assert newark.targets[:4, 0] == pytest.approx([39.02, 39.02, 39.02, 39.92])
        assert np.isnan(newark.targets).sum() == 28  # 27 hours without a row, and an empty cell

    def test_shares_are_of_business_days(self, caplog):
        caplog.set_level(logging.INFO)
        shares = read_series(SeriesSourceConfig(data="embedded:shares"), FOLDER)
        assert [len(one) for one in shares.series] == [3393, 206, 2227, 3393, 3393]
        assert (shares.frequency, shares.targets) == ("B", ("adjusted_close",))
        apple = shares.series[0]
        assert np.isnan(apple.targets).sum() == 3393 - 3270  # holidays
        assert caplog.messages == [
            "shares: 5 series of 206 to 3,393 business days (B), 2000-03-01 to 2013-03-01; 3.6 % of the "
            "values missing"
        ]

    def test_sea_and_a_column_that_is_named_keeps_its_role(self):
        assert read_series(SeriesSourceConfig(data="embedded:sea"), FOLDER).frequency == "30min"
        config = SeriesSourceConfig(data="embedded:shares", targets="volume")
        shares = read_series(config, FOLDER)
        assert (shares.targets, shares.past) == (("volume",), ())


class TestColumns:
    def test_an_index_of_times(self):
        frame = pd.DataFrame({"x": [1, 2], "text": ["a", "b"]}, index=hours(2))
        found = read(frame)
        assert (found.targets, found.series[0].name) == (("x",), "")
        assert found.series[0].times.tz is None
        periods = frame.set_axis(pd.period_range("2013-01", periods=2, freq="M"))
        assert read(periods).frequency == "MS"
        levels = pd.concat({"a": frame, "b": frame}, names=["who", "when"])
        assert len(read(levels, id_column="who")) == 2

    def test_digest(self):
        table = {"time": hours(2), "x": [1, 2]}
        assert read(table).digest() == read(dict(table)).digest()
        assert read(table).digest() != read({**table, "x": [1, 3]}).digest()
        assert read(table).digest() != read({**table, "time": hours(2, "2014-01-01")}).digest()

    def test_a_mapping_and_the_only_column_of_times(self):
        found = read(
            {"x": [1.5, None, 3], "number": [7, 8, 9], "when": ["2013-01", "2013-02", "2013-03"]}
        )
        assert (found.targets, found.frequency) == (("x", "number"), "MS")
        assert np.isnan(found.series[0].targets[1, 0])

    @pytest.mark.parametrize("name", ["Date", "ds", "TIMESTAMP"])
    def test_names_of_the_column_of_times(self, name):
        table = {
            "birthday": ["2000-01-01", "2001-01-01"],
            name: ["2013-01-01", "2013-01-02"],
            "x": [1, 2],
        }
        assert read(table).series[0].times[0] == pd.Timestamp("2013-01-01")

    def test_roles(self):
        table = {
            "time": list(hours(4)),
            "y": [1, 2, "", ""],
            "p": [5, 6, 7, ""],
            "f": [0, "true", 0, 1],
            "place": ["sea", "", "sea", ""],
        }
        roles = {"past_covariates": "p", "future_covariates": ("f",), "static_covariates": ["place"]}
        found = read(table, **roles)
        (one,) = found.series
        assert (found.targets, found.past, found.future) == (("y",), ("p",), ("f",))
        assert (found.static, one.static) == (("place",), ("sea",))
        assert len(one.times) == len(one.past) == 2  # what follows is the known future
        assert one.future[:, 0].tolist() == [0, 1, 0, 1]
        no_future = read(table, targets="y").series[0]
        assert len(no_future) == 4 and np.isnan(no_future.targets[2:]).all()

    def test_parquet(self, tmp_path):
        frame = pd.DataFrame({"x": [1.0, np.nan, 3]}, index=hours(3, name="when", tz="Europe/Berlin"))
        frame.to_parquet(tmp_path / "a.parquet")
        found = read_series(SeriesSourceConfig(data=tmp_path / "a.parquet"), FOLDER)
        assert str(found.series[0].times[0]) == "2012-12-31 23:00:00+00:00"
        frame.assign(x=["1", "2", "inf"]).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(UserError, match=r"^a.parquet\[2\]: 'x': inf is not finite"):
            read_series(SeriesSourceConfig(data=tmp_path / "a.parquet", targets="x"), FOLDER)
        (tmp_path / "a.parquet").write_bytes(b"no")
        with pytest.raises(UserError, match="a.parquet: not a Parquet file that can be read"):
            read_series(SeriesSourceConfig(data=tmp_path / "a.parquet"), FOLDER)

    @pytest.mark.parametrize(
        ("table", "options", "message"),
        [
            (
                {"time": ["2013-01-01"], "x": [1]},
                {},
                "examples: one row, 2013-01-01 00:00:00, is no series",
            ),
            (
                {"time": hours(2), "x": ["a", "b"]},
                {},
                "no column of numbers to forecast: it has time, x",
            ),
            (
                {"time": hours(2), "x": ["a", "b"]},
                {"targets": "x"},
                "'x' has texts such as 'a', not numbers",
            ),
            ({"time": hours(2), "x": ["", None]}, {"targets": "x"}, "'x' has empty cells only"),
            ({"x": [1, 2]}, {}, r"no column of times: name it with --time-column \(it has x\)"),
            (
                {"date": hours(2), "time": hours(2), "x": [1, 2]},
                {},
                "several columns of times, date, time",
            ),
            ({"time": hours(2), "x": [1, 2]}, {"past_covariates": "z"}, "no column 'z': it has time, x"),
            (
                {"train": {"time": hours(2), "x": [1, 2]}, "test": {"x": [1]}},
                {},
                "a table for each split",
            ),
            (
                {"time": hours(2), "x": [1, 2], "s": ["a", "b"]},
                {"static_covariates": "s"},
                r"^examples\[1\]: 's' is 'b', but 'a' in examples\[0\]: a static covariate has one",
            ),
            (
                {"time": [*hours(2), *hours(2)], "x": [1, 2, "", ""], "s": ["a", "a", "b", "b"]},
                {"id_column": "s"},
                "examples: series 'b': no value of x",
            ),
            (
                {"time": hours(3), "x": [1, 2, 3], "s": ["a", "a", ""]},
                {"id_column": "s"},
                r"^examples\[2\]: 's': no name",
            ),
        ],
    )
    def test_refusals(self, table, options, message):
        with pytest.raises(UserError, match=message):
            read(table, **options)


class TestNumbers:
    def test_decimal_commas_and_what_is_missing(self, tmp_path):
        found = read_file(tmp_path, "date;x;y\n2013-01-01;1,5;4,929\n2013-01-02;-2,25;NA\n")
        assert found.series[0].targets[0] == pytest.approx([1.5, 4.929])
        assert found.series[0].targets[1, 0] == -2.25 and np.isnan(found.series[0].targets[1, 1])
        with pytest.raises(UserError, match=r"^a.csv:3: 'x': '1,929' may be thousands or thousandths"):
            read_file(tmp_path, 'date,x\n2013-01-01,"1,5"\n2013-01-02,"1,929"\n', targets="x")

    @pytest.mark.parametrize("value", ["inf", "-Infinity", "1e39"])
    def test_infinity(self, tmp_path, value):
        with pytest.raises(UserError, match=r"^a.csv:3: 'x': .* is not finite: mend it, or leave such"):
            read_file(tmp_path, lines(hours(3), [1, value, 3]))

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            (1 + 2j, "a complex, not a number"),
            ([1], "a list, not a number"),
            (10**400, "inf is not finite"),
            ("1_0", "'1_0' is not a number"),
        ],
    )
    def test_what_is_no_number(self, value, problem):
        with pytest.raises(UserError, match=rf"^examples\[1\]: 'x': {problem}"):
            read({"time": hours(3), "x": [1, value, 3]}, targets="x")

    def test_bad_rows_may_be_left_out(self, tmp_path, caplog):
        text = lines(hours(7), [1, "two", 3, 4, 5, 6, 7]).replace("2013-01-01 03", "2013-13-01 03")
        found = read_file(tmp_path, text, skip_bad=True, targets="x")
        assert np.isnan(found.series[0].targets[:, 0]).tolist() == [
            False,
            True,
            False,
            True,
            *3 * [False],
        ]
        assert "a.csv: 2 of 7 rows left out (--skip-bad)" in caplog.messages


class TestTimes:
    def test_rows_are_sorted_and_missing_ones_are_nan(self):
        times = hours(6)
        found = read({"time": [times[4], times[5], times[0], times[1], times[2]], "x": [4, 5, 0, 1, 2]})
        values = found.series[0].targets[:, 0]
        assert np.isnan(values[3]) and values[[0, 1, 2, 4, 5]].tolist() == [0, 1, 2, 4, 5]

    @pytest.mark.parametrize(
        ("times", "message"),
        [
            (["2013-01-01 00:00", ""], r"^a.csv:3: no time"),
            (["2013-01-01 00:00", "soon"], r"^a.csv:3: 'soon' is not a time: write it as 2013-01-31"),
            (["2013-01-01 00:00", "1356998400"], "'1356998400' is not a time"),
            (["2013-01-01 00:00", "2013-02-30 00:00"], "'2013-02-30 00:00' is not a time"),
            (
                ["2013-01-01 00:00Z", "2013-01-01 01:00"],
                "a.csv:3: .* has no offset from UTC, other times",
            ),
            (["01/02/2013", "01/03/2013"], "'01/02/2013' may begin with the day or the month"),
            (
                ["2013-01-01 00:00", "2013-01-01 01:00", "2013-01-01 01:00"],
                "a.csv:4: .* came before, in a.csv:3",
            ),
            (
                ["2013-01-01 00:00", "2013-01-01 01:00", "2013-01-01 02:00", "2013-01-01 02:30"],
                r"^a.csv:5: the time 2013-01-01 02:30:00 is not in steps of h from 2013-01-01 00:00:00",
            ),
            (
                ["2013-01-01 00:00", "2013-01-01 00:01", "2043-01-01 00:01"],
                "3 rows for 15,778,081 steps of min",
            ),
            (["2013-01-01 00:00", "2013-01-01 01:00+01:00"], "a.csv:2: .* has no offset from UTC"),
            (["2013-01-15", "2013-02-15"], "neither the first nor the last day of one"),
        ],
    )
    def test_refusals(self, tmp_path, times, message):
        with pytest.raises(UserError, match=message):
            read_file(tmp_path, lines(times, range(len(times))), time_column="time")

    def test_a_time_that_came_before_may_be_of_another_series(self, tmp_path):
        text = lines([*hours(2), *hours(2)], [1, 2, 3, 4], ["a", "a", "b", "b"])
        with pytest.raises(
            UserError, match="several series, name their column with --id-column, such as y"
        ):
            read_file(tmp_path, text)
        assert [one.name for one in read_file(tmp_path, text, id_column="y").series] == ["a", "b"]

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            (["31.01.2013 23:00", "01.02.2013 00:00"], "2013-01-31 23:00"),
            (["01/31/2013", "02/01/2013"], "2013-01-31"),
            (["2013/01/31", "2013/02/01"], "2013-01-31"),
            (["20130131", "20130201"], "2013-01-31"),
            ([20130131, 20130201], "2013-01-31"),
            ([2013, 2014], "2013-01-01"),
            (np.array(["2013-01-31", "2013-02-01"], "datetime64[ns]"), "2013-01-31"),
        ],
    )
    def test_other_ways_to_write_them(self, written, day):
        found = read({"time": written, "x": [1, 2]}).series[0]
        assert found.times[0] == pd.Timestamp(day) and len(found) == 2

    @pytest.mark.parametrize(
        ("frequency", "inferred"),
        [
            ("5min", "5min"),
            ("30min", "30min"),
            ("6h", "6h"),
            ("D", "D"),
            ("B", "B"),
            ("W-WED", "W-WED"),
            ("2W-WED", "14D"),
            ("MS", "MS"),
            ("ME", "ME"),
            ("QS-FEB", "QS-FEB"),
            ("YS-JAN", "YS-JAN"),
            ("YE-DEC", "YE-DEC"),
        ],
    )
    def test_frequencies(self, frequency, inferred):
        times = pd.date_range("2013-01-02", periods=24, freq=frequency)
        found = read({"time": np.delete(times, 7), "x": range(23)})
        assert found.frequency == found.series[0].times.freqstr == inferred
        assert found.series[0].times.equals(times)
        assert np.flatnonzero(np.isnan(found.series[0].targets)).tolist() == [7]

    def test_a_frequency_that_is_given(self):
        table = {"time": hours(10)[::2], "x": range(5)}
        assert len(read(table).series[0]) == 5
        assert len(read(table, frequency="h").series[0]) == 9
        with pytest.raises(UserError, match="--frequency must be one such as h, 30min, .* got soon"):
            read(table, frequency="soon")
        with pytest.raises(UserError, match="is not in steps of MS from 2013-02-01"):
            read({"time": ["2013-01-15", "2013-02-15", "2013-03-15"], "x": [1, 2, 3]}, frequency="MS")
        with pytest.raises(UserError, match="is not in steps of 4h"):
            read(table, frequency="4h")


class TestTimeZones:
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
    @pytest.mark.parametrize("backwards", [False, True])
    def test_clocks_that_go_back(self, tmp_path, zone, backwards):
        """Local times of a logger that shows what the clock shows."""
        utc = hours(24 * 14, start="2013-10-22", tz="UTC")
        local = utc.tz_convert(zone).tz_localize(None)
        order = slice(None, None, -1) if backwards else slice(None)
        text = lines(local[order], range(len(utc))[order])
        with pytest.raises(
            UserError, match="came before, .*: if clocks were put back, give --time-zone"
        ):
            read_file(tmp_path, text)
        found = read_file(tmp_path, text, time_zone=zone).series[0]
        assert found.times.equals(utc) and found.targets[:, 0].tolist() == list(range(len(utc)))

    def test_clocks_that_go_forward(self, tmp_path):
        utc = hours(24 * 14, start="2013-03-22", tz="UTC")
        local = utc.tz_convert("Europe/Berlin").tz_localize(None)
        text = lines(local, range(len(utc)))
        with pytest.raises(UserError, match="a.csv: no rows from 2013-03-31 02:00:00 on for an hour"):
            read_file(tmp_path, text)
        assert read_file(tmp_path, text, time_zone="Europe/Berlin").series[0].times.equals(utc)
        assert np.isnan(read_file(tmp_path, text, time_zone="UTC").series[0].targets).sum() == 1
        with pytest.raises(UserError, match="2013-03-31 02:00:00 does not exist in Europe/Berlin"):
            read_file(tmp_path, lines(hours(9, "2013-03-31"), range(9)), time_zone="Europe/Berlin")

    def test_days_are_days_anywhere(self):
        table = {"time": pd.date_range("2013-03-20", periods=20), "x": range(20)}
        assert read(table, time_zone="Europe/Berlin").series[0].times.equals(table["time"])
        berlin = pd.date_range("2013-03-20", periods=20, tz="Europe/Berlin")
        assert read({"time": berlin, "x": range(20)}).series[0].times.equals(table["time"])

    def test_offsets_are_read_as_utc(self, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        utc = hours(24 * 14, start="2013-10-22", tz="UTC")
        text = lines([time.isoformat() for time in utc.tz_convert("Europe/Berlin")], range(len(utc)))
        assert read_file(tmp_path, text).series[0].times.equals(utc)
        assert "a.csv: 'time': times with offsets are read as UTC" in caplog.messages


def test_values_that_float32_cannot_tell_apart(tmp_path):
    """A counter that is large from the start: its changes would be lost without a word."""
    counter = [1e12 + number % 7 for number in range(50)]
    with pytest.raises(
        UserError, match="'x' varies by 6 around 1e.12, less than float32 can tell: subtract"
    ):
        read_file(tmp_path, lines(hours(50), counter))
    found = read_file(
        tmp_path, lines(hours(50), [1e7 + number % 7 for number in range(50)], [1e12] * 50)
    )
    assert len(set(found.series[0].targets[:, 0].tolist())) == 7


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("frequency", ["h", "D"])
@pytest.mark.parametrize("days", [None, True, False])
def test_times_of_pandas_are_those_of_their_texts(zone, frequency, days):
    times = pd.date_range("2013-03-30", periods=60, freq=frequency, tz=zone)

    def bad(row, problem):
        raise AssertionError(problem)

    ours = parse_times(list(times), "a", bad, days)
    assert ours.equals(parse_times([str(time) for time in times], "a", bad, days))
    assert ours.tz == parse_times([str(time) for time in times], "a", bad, days).tz
