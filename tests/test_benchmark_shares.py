"""A network beside GARCH: each forecast knows the days before it, and all are scored alike."""

import json

import numpy as np
import pandas
import pytest
from scipy.stats import norm

from rnnapps.benchmark.shares import TEST, main, of_all_days, of_garch, returns_of_shares, scores_of


@pytest.fixture(scope="module")
def returns():
    return returns_of_shares()


def test_returns_are_those_of_the_prices(returns):
    assert set(returns["name"]) == {"AAPL", "GOOG", "IBM", "MSFT"} and returns["value"].notna().all()
    apple = returns[returns["name"] == "AAPL"]["value"]
    assert apple.iloc[0] == pytest.approx(100 * np.log(3.9197 / 4.1867))  # 1 and 2 March 2000
    assert 2 < apple.std() < 4  # per cent a day


def test_garch_does_not_look_ahead(returns):
    """A day's variance is the same whatever comes on that day or later."""
    days = of_garch(returns)
    end = pandas.Timestamp("2012-01-03")
    changed = returns.assign(value=returns["value"].where(returns["date"] < end, 10 * returns["value"]))
    other = of_garch(changed)
    # The variance of the very first day is one of all: ten years later nothing of it is left.
    before = (days["date"] >= TEST) & (days["date"] <= end)
    np.testing.assert_allclose(other["scale"][before], days["scale"][before], rtol=1e-6)
    after = days["date"] > end
    assert (other["scale"][after] > 1.5 * days["scale"][after]).mean() > 0.9


def test_scores_of_known_days():
    """A Student's t of very many degrees of freedom is the normal distribution."""
    values = np.random.default_rng(0).normal(1, 2, 5000)
    about = {"date": range(5000), "name": "A", "value": values}
    days = pandas.DataFrame(about | {"freedom": 1e6, "mean": 1.0, "scale": 2.0})
    scores = scores_of(days)
    np.testing.assert_allclose(scores["likelihood"], -norm.logpdf(values, 1, 2), rtol=1e-4)
    assert scores["qlike"].mean() == pytest.approx(1 + np.log(4), abs=0.05)
    assert scores["coverage_80"].mean() == pytest.approx(0.8, abs=0.02)
    assert scores["coverage_95"].mean() == pytest.approx(0.95, abs=0.01)
    assert scores_of(days.assign(scale=4.0))["likelihood"].mean() > scores["likelihood"].mean()


def test_the_command(returns, tmp_path, capsys):
    file = tmp_path / "shares.json"
    main(["--epochs", "2", "--units", "4", "--json", str(file)])
    lines = capsys.readouterr().out.splitlines()
    figures = json.loads(file.read_text())
    scores = figures["scores"]
    assert set(scores) == {"GRU", "GARCH(1,1)", "one for all days"}
    assert any(line.startswith(f"| GRU | {scores['GRU']['days']:,} |") for line in lines)
    test = returns[returns["date"] >= TEST]
    assert {one["days"] for one in scores.values()} == {len(test)}
    # What is certain: that volatile days come together.
    assert scores["GARCH(1,1)"]["likelihood"] < scores["one for all days"]["likelihood"] - 0.05
    expected = scores_of(of_all_days(returns).query("date >= @TEST"))["likelihood"].mean()
    assert scores["one for all days"]["likelihood"] == pytest.approx(expected)
    difference = scores["GARCH(1,1)"]["likelihood"] - scores["GRU"]["likelihood"]
    assert figures["gain"] == pytest.approx(difference, abs=1e-3)
