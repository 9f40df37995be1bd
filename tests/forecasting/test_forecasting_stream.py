"""Rows of series as they come, on the bundle that ships."""

import io
import json
import time
from types import SimpleNamespace

import numpy as np
import pandas
import pytest

import rnnapps
from rnnapps import datasets
from rnnapps.commands.main import dispatch
from rnnapps.data.tables import read_table
from rnnapps.errors import UsageError, UserError
from rnnapps.forecasting.config import LEVELS
from rnnapps.forecasting.next_steps import NextSteps
from rnnapps.forecasting.prediction import bounds
from rnnapps.forecasting.series_stream import _time
from rnnapps.forecasting.stream import Listener, StreamOptions

COMMAND = ["stream", "forecasting"]


@pytest.fixture(scope="module")
def predictor():
    return rnnapps.load("forecasting/glucose")


@pytest.fixture(scope="module")
def rows():
    rows = [row.fields for row in read_table(datasets.path("series/glucose.csv.xz"))[45_000:]]
    return rows[:600]


@pytest.fixture(scope="module")
def file(rows, tmp_path_factory):
    file = tmp_path_factory.mktemp("stream") / "glucose.csv"
    pandas.DataFrame(rows).to_csv(file, index=False)
    return file


def test_a_stream_gives_what_the_network_gives_for_all_so_far(predictor, rows):
    """Gaps too, and the intervals hold about what they say."""
    frame = pandas.DataFrame(rows)
    series = predictor.read(frame)
    origin = np.array([[0, predictor.config.windows.context]], "int32")
    from rnnapps.data.series.origins import Origins

    ((inputs, _, _),) = NextSteps(predictor.windows(Origins(series, origin))).in_order_of_length()
    outputs = predictor.model.predict_on_batch(inputs)[0, :, 0]
    quantiles = predictor.sampler.distribution.quantiles(outputs, LEVELS) + predictor.corrections[0]
    stream, mean, scale = predictor.stream(), *(part[0, 0] for part in predictor.known.scaling[:2])
    heard = [stream.push(row["time"], row)[0] for row in rows]
    places = series.series[0].times.get_indexer([value.time for value in heard])
    for value, place in zip(heard, places, strict=True):
        if place < len(quantiles):
            right = np.sort(quantiles[place]) * scale + mean
            np.testing.assert_allclose(value.ahead, right, atol=0.05)
    assert heard[0].foretold is None and not heard[0].outside
    inside = [not value.outside for value in heard[1:]]
    assert 0.88 < np.mean(inside) < 1


def test_a_row_costs_the_same_after_many(predictor, rows):
    stream = predictor.stream()
    seconds = []
    for row in rows:
        began = time.process_time()
        stream.push(row["time"], row)
        seconds.append(time.process_time() - began)
    # The issue of a stream on a small machine: far below the time from row to row, and constant.
    assert np.median(seconds) < 0.01
    assert np.median(seconds[300:]) < 3 * np.median(seconds[30:300])


def test_the_command(file, rows, tmp_path, capsys):
    answers, picture = tmp_path / "out.jsonl", tmp_path / "out.png"
    dispatch([*COMMAND, "--input", str(file), "--json", str(answers), "--plot", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    assert len(lines) == len(found) == len(rows)
    assert found[5]["time"] == pandas.Timestamp(rows[5]["time"]).isoformat()
    assert found[5]["value"] == float(rows[5]["glucose"]) and len(found[5]["next"]) == len(LEVELS)
    outside = [number for number, one in enumerate(found) if one["outside"]]
    assert outside == [number for number, line in enumerate(lines) if "OUTSIDE" in line]
    assert picture.read_bytes().startswith(b"\x89PNG")
    low, high = bounds(np.array(found[4]["next"]), 95)
    assert found[5]["outside"] == (not low <= found[5]["value"] <= high)


def pipe(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))


def read(predictor, options):
    """What the command says to its input, without loading a bundle."""
    listener = Listener(predictor, options)
    return [one for row in options.blocks(predictor) for one in listener.hear(row, keep=False)]


def test_a_narrower_interval_marks_more(predictor, file):
    marked = [
        sum(one.outside for one in read(predictor, StreamOptions(input=str(file), interval=interval)))
        for interval in (50, 95)
    ]
    assert marked[0] > 2 * marked[1]


def test_standard_input_in_other_forms(predictor, monkeypatch):
    expected = ["glucose  110  next", "glucose  112.5  next", "glucose  unknown  next"]
    for text in (
        "time,glucose\n2010-10-10 08:00,110\n2010-10-10 08:05,112.5\n2010-10-10 08:10,\n",
        "glucose;time\n110;2010-10-10T08:00\n\n112,5;2010-10-10T08:05\n;2010-10-10T08:10\n",
        '{"time": "2010-10-10 08:00", "glucose": 110}\n{"time": "2010-10-10 08:05", "glucose": 112.5}\n'
        '{"time": "2010-10-10 08:10", "glucose": null, "note": "?"}\n',
        "﻿Zeit\tglucose\n10.10.2010 08:00\t110\n10.10.2010 08:05\t112.5\n10.10.2010 08:10\tNA\n",
    ):
        pipe(monkeypatch, text)
        lines = [one.describe() for one in read(predictor, StreamOptions(input="-"))]
        assert len(lines) == 3 and all(a in b for a, b in zip(expected, lines, strict=True)), text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "standard input: no rows"),
        ("time,value\n2010-10-10 08:00,110\n", r":2: no column 'glucose', which the training had"),
        ("time,glucose\nx,110\n", r":2: 'x' is not a time: write it as"),
        ("time,glucose\n2010-10-10 08:00,high\n", r":2: 'glucose': 'high' is not a number: mend it"),
        ("time,glucose\n2010-10-10 08:00\n", r":2: 1 columns, but the first line has 2"),
        ("time,glucose\n2010-10-10 08:00,1\n2010-10-10 08:00,1\n", r":3: the time .* is not after"),
        (
            "time,glucose\n2010-10-10 08:00,1\n2010-10-10 08:07,1\n",
            r":3: the time .* is not in steps of 5min",
        ),
        (
            "time,glucose\n2010-10-10 08:00,1\n2010-10-10 08:03,1\n",
            r":3: the time .* is not in steps of 5min",
        ),
        ("when,glucose\nx,1\n", r"^standard input:2: no column of times"),
        ('{"time": 1}\n', r":1: no column 'glucose'"),
        ('{"time": 1, "glucose": 1}\n', r":1: '1' is not a time"),
        ('{"time": null, "glucose": 1}\n', r":1: no time"),
        ('{"time": "2010-10-10", "glucose": [1]}\n', r":1: 'glucose': a list, not a number"),
        ("time,glucose\n2010-10-10 08:00,1\n2010-10-10T08:05Z,1\n", r":3: .* some times have an offset"),
        ('{"time"\n', r":1: not JSON"),
        ("[1]\n[2]\n", r"no column 'glucose'"),
    ],
)
def test_what_cannot_be_read(text, problem, predictor, monkeypatch):
    pipe(monkeypatch, text)
    with pytest.raises(UserError, match=problem):
        read(predictor, StreamOptions(input="-"))


def test_bad_rows_are_left_out(monkeypatch, capsys, caplog):
    text = "time,glucose\nx,1\n2010-10-10 08:00,110\n2010-10-10 08:05,high\n2010-10-10 08:05,111\n"
    pipe(monkeypatch, text)
    dispatch([*COMMAND, "--input", "-", "--skip-bad"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert "left out: standard input:2: 'x' is not a time" in caplog.text
    assert "2 of 4 rows left out" in caplog.text
    pipe(monkeypatch, text[:17])
    with pytest.raises(UserError, match="none of its 1 rows is good"):
        dispatch([*COMMAND, "--input", "-", "--skip-bad"])


def test_times_and_values_of_python(predictor):
    for stamp in (
        "2010-10-10 08:00",
        pandas.Timestamp("2010-10-10 08:00"),
        np.datetime64("2010-10-10T08:00"),
    ):
        for missing in (None, float("nan"), pandas.NA, ""):
            (value,) = predictor.stream().push(stamp, {"glucose": missing})
            assert value.time == pandas.Timestamp("2010-10-10 08:00") and value.value is None
    with pytest.raises(UserError, match="no time"):
        predictor.stream().push(pandas.NaT, {"glucose": 1})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_midnights_with_an_offset_are_times(predictor, zone):
    """And not days, as they are in a table of days."""
    stream = predictor.stream()
    for stamp in pandas.date_range("2010-10-10 23:50", periods=4, freq="5min", tz=zone):
        (one,) = stream.push(stamp, {"glucose": 100})
        assert one.time == stamp and one.time.tz is not None
    midnight = pandas.Timestamp("2010-10-31", tz=zone)
    for text in (midnight.isoformat(), midnight.strftime("%d.%m.%Y %H:%M %z")):
        assert predictor.stream().push(text, {"glucose": 100})[0].time == midnight
    assert _time("2024-01-01T00:00+02:00", days=True) == pandas.Timestamp("2024-01-01")


def test_gaps(predictor):
    """Steps that were left out are read as unknown; after a long gap a series begins anew."""
    stream, other = predictor.stream(), predictor.stream()
    for stamp, value in (("08:00", 110), ("08:05", 115), ("08:20", 130)):
        (one,) = stream.push(f"2010-10-10 {stamp}", {"glucose": value})
    for stamp, value in (("08:00", 110), ("08:05", 115), ("08:10", None), ("08:15", ""), ("08:20", 130)):
        (two,) = other.push(f"2010-10-10 {stamp}", {"glucose": value})
    np.testing.assert_array_equal(one.ahead, two.ahead)
    np.testing.assert_array_equal(one.foretold, two.foretold)
    (late,) = stream.push("2010-10-12 08:20", {"glucose": 130})
    (new,) = predictor.stream().push("2010-10-12 08:20", {"glucose": 130})
    assert late.foretold is None
    np.testing.assert_array_equal(late.ahead, new.ahead)


def test_one_time_far_ahead_does_not_end_a_stream(predictor, caplog):
    """A wrong clock: the rows behind it go on where the series was."""
    stream, other = predictor.stream(), predictor.stream()
    stream.push("2010-10-10 08:00", {"glucose": 110})
    (far,) = stream.push("2035-01-01 08:00", {"glucose": 1})
    assert far.foretold is None
    with pytest.raises(UserError, match="is not after 2035-01-01 08:00:00"):
        stream.push("2035-01-01 08:00", {"glucose": 1})
    (one,) = stream.push("2010-10-10 08:05", {"glucose": 115})
    assert "the time 2035-01-01 08:00:00 was far ahead, and is forgotten" in caplog.text
    other.push("2010-10-10 08:00", {"glucose": 110})
    (two,) = other.push("2010-10-10 08:05", {"glucose": 115})
    np.testing.assert_array_equal(one.ahead, two.ahead)
    np.testing.assert_array_equal(one.foretold, two.foretold)


def test_a_column_that_is_missing_stops_at_once(predictor, monkeypatch):
    pipe(monkeypatch, "time,value\n2010-10-10 08:00,110\n")
    with pytest.raises(
        UserError, match="no column 'glucose', which the training had .it has time, value.$"
    ):
        read(predictor, StreamOptions(input="-", skip_bad=True))


def test_what_a_stream_refuses(predictor, small_bundles, tmp_path):
    with pytest.raises(UserError, match=r"\(segments\) reads whole windows and cannot stream"):
        rnnapps.load(small_bundles("forecasting")).stream()
    with pytest.raises(UserError, match="the series 'x' was not in the training"):
        predictor.stream().push("2010-10-10 08:00", {"glucose": 1}, "x")
    with pytest.raises(UsageError, match="give --input FILE, or --input - for standard input"):
        dispatch(COMMAND)
    with pytest.raises(UserError, match="no such file"):
        dispatch([*COMMAND, "--input", str(tmp_path / "none.csv")])
    with pytest.raises(UserError, match="this is a folder"):
        dispatch([*COMMAND, "--input", str(tmp_path)])


def test_local_times(predictor):
    """An hour that comes twice is told by what came before it."""
    from dataclasses import replace

    source = replace(predictor.config.source, time_zone="Europe/Berlin")
    config = replace(predictor.config, source=source)
    stream = type(predictor)(predictor.model, predictor.known, config, predictor.corrections).stream()
    times = [
        stream.push(f"2010-10-31 {clock}", {"glucose": 100})[0].time.strftime("%H:%M")
        for clock in ("02:50", "02:55", "02:00", "02:05")
    ]
    assert times == ["00:50", "00:55", "01:00", "01:05"]  # UTC
    with pytest.raises(UserError, match="does not exist in Europe/Berlin: clocks went forward"):
        stream.push("2011-03-27 02:30", {"glucose": 100})
