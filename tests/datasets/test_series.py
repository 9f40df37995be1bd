"""The embedded series are whole, and as `make.py` writes them."""

import csv
import io
import lzma
from collections import Counter

import pytest

from rnnapps import datasets
from rnnapps.datasets.series import make

FOLDER = datasets.path("series")


def table(name):
    text = lzma.decompress((FOLDER / f"{name}.csv.xz").read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("name", "key", "rows"),
    [
        ("weather", "station", {"EWR": 8703, "JFK": 8706, "LGA": 8706}),
        ("glucose", None, {None: 52_083}),
        ("sea", None, {None: 19_225}),
        ("shares", "name", {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}),
    ],
)
def test_rows_of_each_series_no_time_twice(name, key, rows):
    found = table(name)
    assert Counter(row.get(key) for row in found) == rows
    time = next(iter(found[0]))
    assert len({(row.get(key), row[time]) for row in found}) == len(found)


def test_they_are_small_and_the_licence_has_its_texts():
    assert sum(file.stat().st_size for file in FOLDER.glob("*.xz")) < 500_000
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "CC0 1.0 Universal" in text and "NERACOOS" in text and "Quandl WIKI Prices" in text


class TestMake:
    """On a few rows: the whole takes two downloads."""

    def test_weather(self):
        row = dict.fromkeys(make.VARIABLES, "NA") | {
            "time_hour": "2013-02-12T08:00:00Z",
            "origin": "EWR",
        }
        wild = row | {"wind_speed": "1048.36058", "wind_gust": "30"}
        fine = row | {"wind_speed": "10.357019999999999", "precip": "0"}
        _, first, second = make.weather([wild, fine])
        assert first == ["2013-02-12T08:00:00Z", "EWR", *[""] * 9]
        assert second[6:9] == ["10.35702", "", "0"]

    def test_the_first_reading_of_five_minutes_stays(self):
        minutes = {"2010-05-28 22:03:00": 1, "2010-05-28 22:04:00": 2, "2010-05-28 22:08:00": 3}
        rows = [{"datetime": time, "glucose": str(value)} for time, value in minutes.items()]
        assert list(make.glucose(rows))[1:] == [["2010-05-28 22:05", "1"], ["2010-05-28 22:10", "3"]]

    def test_a_time_that_comes_twice(self):
        rows = [{"time (UTC)": "2017-03-21T16:30:00Z", "temperature (celsius)": value} for value in "45"]
        assert list(make.sea(rows))[1:] == [["2017-03-21T16:30:00Z", "4"]]
