"""Intervals that hold what they say."""

from dataclasses import replace

import numpy as np
import pandas
import pytest
from scipy.stats import norm

import rnnapps
from rnnapps import bundle
from rnnapps.commands.main import dispatch
from rnnapps.data.series.origins import Origins
from rnnapps.forecasting.config import LEVELS
from rnnapps.forecasting.conformal import corrections


@pytest.fixture(scope="module")
def predictor(small_bundles):
    return rnnapps.load(small_bundles("forecasting"))


@pytest.fixture(scope="module")
def table(weather_csv):
    return pandas.read_csv(weather_csv)


def test_corrected_intervals_cover():
    random = np.random.default_rng(0)
    values = random.normal(size=(2000, 3, 1))
    narrow = np.broadcast_to(0.3 * norm.ppf(LEVELS), (2000, 3, 1, len(LEVELS)))
    added = corrections(narrow[:1000], values[:1000], LEVELS)
    right = narrow[1000:] + added
    for low, level in enumerate(LEVELS[:3]):
        inside = (values[1000:] >= right[..., low]) & (values[1000:] <= right[..., -1 - low])
        assert inside.mean() == pytest.approx(1 - 2 * level, abs=0.03)
    assert (added[..., LEVELS.index(0.5)] == 0).all()
    unknown = np.full((5, 3, 1), np.nan)
    assert (corrections(narrow[:5], unknown, LEVELS) == 0).all()


@pytest.fixture
def recent(predictor):
    """A predictor of which 150 steps are the recent past."""
    config = replace(predictor.config, recent=150)
    return type(predictor)(predictor.model, predictor.known, config, predictor.corrections)


def forecasts_of(predictor, table):
    """The origins after the training, and the corrections of each."""
    series_set = predictor.read(table)
    pairs = [
        (row, step)
        for row, series in enumerate(series_set.series)
        for step in range(440, len(series) - 8)
    ]
    origins = Origins(series_set, np.array(pairs, "int32"))
    return origins, predictor.recent_corrections(origins)


def test_intervals_hold_on_the_recent_past(recent, predictor, table):
    """A forecast is corrected by those that have come true before it, and by nothing after it."""
    begin = 560
    wilder = table.copy()
    wilder.loc[begin:, "temp"] += 40 * np.sin(np.arange(len(table) - begin))
    (origins, calm), (_, wild) = (forecasts_of(recent, some) for some in (table, wilder))
    early = origins.windows[:, 1] <= begin
    np.testing.assert_array_equal(calm[early], wild[early])
    assert (wild[-1, :, 0, -1] > calm[-1, :, 0, -1] + 0.1).any()
    np.testing.assert_allclose(wild[-1, :, 1], calm[-1, :, 1], atol=0.1)  # humidity is as it was
    np.testing.assert_array_equal(calm[0], predictor.corrections)  # too few are known so early
    assert (calm[-1] != predictor.corrections).any()

    forecasts = [recent(wilder, recent=way).quantiles[0, :, 0] for way in (True, False)]
    assert np.ptp(forecasts[0], axis=-1).mean() > 1.2 * np.ptp(forecasts[1], axis=-1).mean()
    np.testing.assert_array_equal(
        recent(wilder, recent=False).quantiles, predictor(wilder, recent=False).quantiles
    )


def test_a_forecast_is_corrected_as_those_of_an_evaluation(recent, table):
    """The last of a split, alone and among the others, where both know the same steps."""
    origins, found = forecasts_of(recent, table)
    begin = origins.windows[:, 1]
    for row in np.flatnonzero(begin % 8 == 0)[[-2, -1]]:  # the first of those that are corrected alike
        alone = recent.recent_corrections(replace(origins, windows=origins.windows[row : row + 1]))
        np.testing.assert_allclose(alone[0], found[row], atol=1e-6)


def test_a_target_that_is_not_known_keeps_the_corrections_of_the_validation_part(recent, table):
    unknown = table.copy()
    unknown.loc[445:, "humid"] = np.nan
    _, found = forecasts_of(recent, unknown)
    np.testing.assert_array_equal(found[-1, :, 1], recent.corrections[:, 1])
    assert (found[-1, :, 0] != recent.corrections[:, 0]).any()


def test_series_out_of_step_know_nothing_of_each_others_future(predictor, table, monkeypatch):
    """One begins two days and some minutes after the other."""
    times = pandas.to_datetime(table["time"])
    later = times + pandas.Timedelta(hours=49, minutes=20)
    sizes = type(predictor.known.scaling)(*(np.repeat(one, 2, 0) for one in predictor.known.scaling))
    known = replace(predictor.known, names=("a", "b"), scaling=sizes)
    source = replace(predictor.config.source, id_column="id", targets=("temp", "humid"))
    config = replace(predictor.config, recent=100, source=source)
    ours = type(predictor)(predictor.model, known, config, predictor.corrections)
    both = pandas.concat([table.assign(id="a", time=times), table.assign(id="b", time=later)])
    changed = both.copy()
    after = (changed["id"] == "b") & (changed["time"] >= times[540])
    changed.loc[after, "temp"] += 50
    # The network knows one series; zeros are as good as what it foretells.
    monkeypatch.setattr(
        ours, "quantiles", lambda some, corrections: np.zeros((len(some.windows), 8, 2, 7))
    )
    (origins, before), (_, found) = (forecasts_of(ours, some) for some in (both, changed))
    row = np.flatnonzero((origins.windows[:, 0] == 0) & (origins.windows[:, 1] <= 540))
    assert (before[row[-1]] != predictor.corrections).any()
    np.testing.assert_array_equal(before[row], found[row])
    assert (before[-1] != found[-1]).any()


@pytest.mark.parametrize("change", [{"recent": 0}, {"conformal": False}, "until"])
def test_intervals_of_the_validation_part_alone(predictor, table, change):
    """By option, and of bundles that do not say when their training ended."""
    config = replace(predictor.config, **({"recent": 150} | (change if change != "until" else {})))
    known = replace(predictor.known, until=None) if change == "until" else predictor.known
    ours = type(predictor)(predictor.model, known, config, predictor.corrections)
    np.testing.assert_array_equal(ours(table).quantiles, ours(table, recent=False).quantiles)


def test_the_command_can_leave_it_out(recent, table, tmp_path):
    with bundle.writing(tmp_path / "recent") as folder:
        recent.save(folder)
    table.to_csv(tmp_path / "table.csv", index=False)
    words = ("predict", "forecasting", tmp_path / "table.csv", "--model", tmp_path / "recent", "--csv")
    found = []
    for number, flags in enumerate([(), ("--no-recent",)]):
        csv = tmp_path / f"{number}.csv"
        dispatch([str(word) for word in (*words, csv, *flags)])
        found.append(pandas.read_csv(csv)["0.975"])
    plain = recent(table, recent=False).to_frame()["0.975"]
    np.testing.assert_allclose(found[1], plain, rtol=1e-5)
    assert np.abs(found[0] - plain).max() > 0.1
