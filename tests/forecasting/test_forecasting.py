"""What is special to forecasts; the rest is in tests/test_contract.py."""

from dataclasses import replace
from itertools import pairwise

import keras
import numpy as np
import pandas
import pytest
from conftest import with_training
from scipy.stats import norm

import rnnapps
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.evaluation.forecast_baselines import (
    WindowArrays,
    chosen_ridge,
    drift,
    forecast_baselines,
    last_value,
    seasonal_naive,
    theta,
)
from rnnapps.forecasting import data
from rnnapps.forecasting.config import LEVELS, ForecastingConfig, ModelConfig, WindowConfig
from rnnapps.forecasting.evaluate import evaluate
from rnnapps.forecasting.model import Shape, build
from rnnapps.forecasting.prediction import decimals
from rnnapps.forecasting.predictor import PredictOptions
from rnnapps.metrics.forecasts import Truth, forecast_report
from rnnapps.training.quantile_loss import QuantileLoss

SHAPE = Shape(context=24, horizon=8, targets=2, past=1, calendar=4, series=3)


@pytest.fixture(scope="module")
def predictor(small_bundles):
    return rnnapps.load(small_bundles("forecasting"))


@pytest.fixture(scope="module")
def table(weather_csv):
    return pandas.read_csv(weather_csv)


@pytest.fixture
def inputs():
    random = np.random.default_rng(0)
    known = (random.random((5, 24, 3)) < 0.8).astype("float32")
    return {
        "past": random.normal(size=(5, 24, 3)).astype("float32") * known,
        "known": known,
        "calendar": random.normal(size=(5, 32, 4)).astype("float32"),
        "series": np.array([1, 2, 3, 0, 1], "int32"),
    }


@pytest.fixture(params=["segments", "attention"])
def network(request):
    keras.utils.set_random_seed(0)
    config = ModelConfig(network=request.param, units=8, segment=4, linear=False)
    return build(config, SHAPE)


def test_what_is_not_known_has_no_effect(network, inputs):
    before = network.predict_on_batch(inputs)
    assert before.shape == (5, 8, 2, len(LEVELS)) and np.isfinite(before).all()
    first = np.argmax(inputs["known"][0, :, 0] == 0)
    assert inputs["known"][0, first, 0] == 0  # a gap
    inputs["past"][0, first, 0] = 1e6
    np.testing.assert_allclose(network.predict_on_batch(inputs), before, atol=1e-5)
    nothing = {**inputs, "past": 0 * inputs["past"], "known": 0 * inputs["known"]}
    assert np.isfinite(network.predict_on_batch(nothing)).all()


def test_each_target_is_foretold_by_itself(network, inputs):
    """By weights that all share: another target of the same window changes nothing."""
    before = network.predict_on_batch(inputs)
    inputs["past"][..., 1] += inputs["known"][..., 1]
    after = network.predict_on_batch(inputs)
    np.testing.assert_allclose(after[:, :, 0], before[:, :, 0], atol=1e-6)
    np.testing.assert_allclose(after[:, :, 1], before[:, :, 1] + 1, atol=1e-4)  # normalised by its last


def test_an_unknown_series_is_none_of_the_known(network, inputs):
    answers = [
        network.predict_on_batch(inputs | {"series": np.full(5, number, "int32")}) for number in range(4)
    ]
    assert all(np.abs(one - other).max() > 1e-6 for one, other in pairwise(answers))


def test_a_training_begins_with_a_linear_rule(small_configs):
    """Which ridge regression finds, and the training leaves alone."""
    model, batches, _ = prepare("forecasting", small_configs("forecasting"))
    inputs, targets, known = next(batches.epoch(0))
    answers = model.predict_on_batch(inputs)
    assert (np.ptp(answers, axis=-1) < 1e-5).all()  # the recurrent layers add nothing yet
    last = inputs["past"][:, -1:, :2]
    whole = known * (inputs["known"][:, -1:, :2] > 0)
    ours, lasts = ((np.abs(one - targets) * whole).sum() for one in (answers[..., 0], last))
    assert ours < 0.9 * lasts
    rule = model.get_layer("linear").get_weights()[0]
    model.train_on_batch(inputs, targets, known)
    np.testing.assert_array_equal(model.get_layer("linear").get_weights()[0], rule)


def test_the_loss_is_the_pinball_loss():
    loss = QuantileLoss((0.1, 0.5, 0.9))
    truth, answer = np.array([[[2.0]], [[0.0]]]), np.array([[[[1.0, 2.0, 4.0]]], [[[1.0, 1.0, 1.0]]]])
    weights = np.array([[[1.0]], [[0.0]]])
    # (0.1 * 1 + 0 + 0.1 * 2) / 3; the second value is not known.
    assert float(loss(truth, answer, sample_weight=weights)) == pytest.approx(0.1)


def test_scores_of_known_forecasts():
    """Normal values and the quantiles of their distribution cover what they say."""
    random = np.random.default_rng(0)
    values = random.normal(size=(4000, 2, 1)).astype("float32")
    values[0, 0] = np.nan
    ones = np.ones((4000, 1), "float32")
    truth = Truth(values, 10 * ones, 2 * ones, ones / 2)
    quantiles = np.broadcast_to(norm.ppf(LEVELS), (4000, 2, 1, len(LEVELS)))
    scores = forecast_report(quantiles, LEVELS, truth)
    assert scores["rows"] == 4000
    for share in (50, 80, 95):
        assert scores[f"coverage_{share}"] == pytest.approx(share / 100, abs=0.02)
    error = np.abs(values[~np.isnan(values)])
    assert scores["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert scores["mae_units"] == pytest.approx(2 * error.mean(), rel=1e-5)
    assert scores["mase"] == pytest.approx(2 * error.mean(), rel=1e-5)
    assert scores["mse"] == pytest.approx(np.square(error).mean(), rel=1e-5)
    # Of a normal distribution the CRPS is 1 / sqrt(pi); seven quantiles give it roughly.
    assert scores["crps"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.05)


def test_forecasts_of_nothing_are_right_where_nothing_came():
    """Zero, but for roundings of the mean and the scale."""
    zeros, ones = np.full((10, 2, 1), -5 / 3, "float32"), np.ones((10, 1), "float32")
    truth = Truth(zeros, 5 * ones, 3 * ones, ones)
    answers = np.broadcast_to(zeros[..., None], (10, 2, 1, len(LEVELS))) + np.float32(1e-7)
    assert forecast_report(answers, LEVELS, truth)["smape"] < 0.05


def windows_of(values, context, horizon):
    """Windows of one series `(time,)`, none of whose values is a covariate."""
    starts = range(len(values) - context - horizon + 1)
    past = np.array([values[start : start + context] for start in starts], "float32")[..., None]
    ends = [values[start + context : start + context + horizon] for start in starts]
    calendar = np.zeros((len(past), context + horizon, 0), "float32")
    return WindowArrays(past, calendar, np.array(ends, "float32")[..., None])


def test_baselines_of_a_line_and_a_wave():
    line = windows_of(np.arange(60.0), 24, 6)
    np.testing.assert_allclose(drift(line), line.targets, atol=1e-4)
    np.testing.assert_allclose(last_value(line), line.past[:, -1:] + 0 * line.targets)
    wave = windows_of(np.sin(np.arange(200) * 2 * np.pi / 12), 24, 15)
    np.testing.assert_allclose(seasonal_naive(wave, 12), wave.targets, atol=1e-5)
    gap = WindowArrays(wave.past.copy(), wave.calendar, wave.targets)
    gap.past[:, -2:] = np.nan
    np.testing.assert_allclose(last_value(gap)[:, 0], wave.past[:, -3])


def test_linear_baselines_find_a_linear_rule():
    """A sum of waves is a linear function of its past, whatever the phase."""
    time = np.arange(900)
    values = np.sin(time / 3) + np.cos(time / 11) + 0.3 * np.sin(time / 2)
    splits = {
        "train": windows_of(values[:500], 48, 6),
        "validation": windows_of(values[500:700], 48, 6),
        "test": windows_of(values[700:], 48, 6),
    }
    found = dict(forecast_baselines(splits, "h", LEVELS))
    assert set(found) >= {"last value", "drift", "seasonal naive (24 steps)", "theta method", "DLinear"}
    for name in ("ridge over the window and its covariates", "DLinear"):
        median = found[name][..., LEVELS.index(0.5)]
        assert np.abs(median - splits["test"].targets).mean() < 0.03, name


def test_a_forecast_goes_on_from_the_end_of_a_table(predictor, table):
    forecast = predictor(table)
    last = pandas.Timestamp(table["time"].iloc[-1])
    assert list(forecast.times(0)) == [last + pandas.Timedelta(hours=step) for step in range(1, 9)]
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert np.abs(forecast.quantiles[0, :, 0, 3] - table["temp"].iloc[-1]).max() < 40  # degrees
    assert len(predictor(table, horizon=3).times(0)) == 3
    frame = forecast.to_frame()
    assert list(frame.columns) == ["series", "time", "target", *(f"{level:g}" for level in LEVELS)]
    assert len(frame) == 16 and set(frame["target"]) == {"temp", "humid"}


def test_the_command_writes_tables_and_a_picture(small_bundles, weather_csv, tmp_path, capsys):
    csv, picture = tmp_path / "out.csv", tmp_path / "out.png"
    command = ["predict", "forecasting", str(weather_csv), "--model", str(small_bundles("forecasting"))]
    dispatch([*command, "--csv", str(csv), "--plot", str(picture), "--horizon", "4"])
    assert "temp" in capsys.readouterr().out and picture.read_bytes().startswith(b"\x89PNG")
    assert len(pandas.read_csv(csv)) == 8
    with pytest.raises(UserError, match="--horizon 9: this network foretells 8 steps"):
        dispatch([*command, "--horizon", "9"])
    with pytest.raises(UsageError, match="give the table of a series"):
        dispatch(["predict", "forecasting"])


def test_tables_that_do_not_fit(predictor, table):
    with pytest.raises(UserError, match="its columns are temp; this network was trained on temp, humid"):
        predictor(table[["time", "temp"]])
    with pytest.raises(UserError, match="its times are .* apart; those of the training were h"):
        predictor(
            table[::2].assign(time=pandas.date_range("2020-01-01", periods=len(table[::2]), freq="D"))
        )


def test_another_series_is_scaled_by_itself(predictor, table):
    """A bundle foretells a series that it has not seen, in the units of that series."""
    other = table.assign(temp=table["temp"] * 100, humid=table["humid"] * 100)
    named = replace(predictor.known, names=("another",))
    strange = type(predictor)(predictor.model, named, predictor.config, predictor.corrections)
    np.testing.assert_allclose(
        strange(other).quantiles, 100 * strange(table).quantiles, rtol=1e-3, atol=0.1
    )


def test_parts_in_time_do_not_overlap(small_configs):
    config = small_configs("forecasting")
    splits = data.load(config)
    horizon = config.windows.horizon
    ends = {split: some.windows[:, 1].max() + horizon for split, some in splits.items()}
    starts = {split: some.windows[:, 1].min() for split, some in splits.items()}
    assert ends["train"] <= starts["validation"] and ends["validation"] <= starts["test"]
    assert data.training_ends(splits["train"], horizon) == [ends["train"]]


def test_options_are_checked():
    with pytest.raises(UsageError, match="--horizon must be a multiple of --segment 6, got 25"):
        ForecastingConfig(windows=WindowConfig(horizon=25))
    ForecastingConfig(windows=WindowConfig(horizon=25), model=ModelConfig(network="attention"))
    with pytest.raises(UsageError, match="--context must be at least 1"):
        WindowConfig(context=0)


def test_a_damaged_file_is_told(small_bundles, tmp_path):
    import json
    import shutil

    from rnnapps.bundle_files import seal

    for change in (
        {"mean": [[1.0]]},
        {"scale": [["x"]]},
        {"corrections": [1.0]},
        {"names": 5},
        {"until": "x"},
    ):
        copy = tmp_path / next(iter(change))
        shutil.copytree(small_bundles("forecasting"), copy)
        values = json.loads((copy / "series.json").read_text()) | change
        (copy / "series.json").write_text(json.dumps(values))
        (copy / "SHA256SUMS").unlink()
        seal(copy)
        with pytest.raises(UserError, match="damaged bundle"):
            rnnapps.load(copy)


def test_the_attention_network_trains_on_a_table_in_memory(small_configs, table, tmp_path):
    from rnnapps.forecasting.train import train

    config = small_configs("forecasting")
    model = replace(config.model, network="attention", normalise="mean")
    config = with_training(replace(config, model=model), epochs=1, output=str(tmp_path / "out"))
    path = train(config, table.set_index(pandas.to_datetime(table["time"])).drop(columns="time"))
    assert np.isfinite(rnnapps.load(path)(table).quantiles).all()


def test_the_theta_method_is_that_of_statsmodels():
    from statsmodels.tsa.forecasting.theta import ThetaModel

    random = np.random.default_rng(0)
    time = np.arange(400)
    values = 20 + 0.05 * time + 3 * np.sin(2 * np.pi * time / 12) + np.cumsum(random.normal(size=400))
    windows = windows_of(values, 72, 18)
    found = theta(windows, 12)
    for number in (0, 150, 300):
        model = ThetaModel(windows.past[number, :, 0], period=12, use_test=False, method="additive")
        right = np.asarray(model.fit().forecast(18))
        # It looks for the smoothing among all numbers, and for the first level.
        assert np.abs(found[number, :, 0] - right).max() < 0.35
    short = windows_of(values, 1, 3)
    np.testing.assert_allclose(theta(short, 12), last_value(short), atol=1e-4)


def test_days_on_which_nothing_is_ever_known():
    """Of a shop that is closed on Sundays no window is whole: each step is learnt by itself."""
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 5)).astype("float32")
    y = x @ random.normal(size=(5, 7)).astype("float32")
    right = chosen_ridge(x[:200], y[:200], x[200:], y[200:])
    closed = np.where(np.arange(7) == (np.arange(300)[:, None] % 7), np.nan, y)
    found = chosen_ridge(x[:200], closed[:200], x[200:], closed[200:])
    np.testing.assert_allclose(found.coef_, right.coef_, atol=0.02)
    closed[:, 3] = np.nan
    assert (chosen_ridge(x[:200], closed[:200], x[200:], closed[200:]).coef_[3] == 0).all()


def test_other_data_are_not_scored(predictor, table, tmp_path):
    wrong = tmp_path / "wrong.csv"
    table.rename(columns={"temp": "heat"}).to_csv(wrong, index=False)
    config = replace(predictor.config, source=SeriesSourceConfig(data=str(wrong)))
    with pytest.raises(UserError, match="its columns are heat, humid; this network was trained on temp"):
        evaluate(predictor, data.load(config)["test"])


def test_digits_are_those_of_the_interval(predictor, table):
    assert [decimals(width) for width in (2000, 35, 2, 0.04, 0)] == [0, 1, 2, 4, 6]
    forecast = predictor(table)
    large = replace(forecast, quantiles=forecast.quantiles.astype("float64") + 1e7)
    numbers = [line.split()[2] for line in large.describe(0).splitlines() if "80 %" in line]
    assert len(set(numbers)) > 8 and all(float(number) > 9e6 for number in numbers)


def test_what_is_written_to_no_file():
    with pytest.raises(UsageError, match="--csv must be a file"):
        PredictOptions(files=("x.csv",), csv="-")


def test_future_covariates_that_are_missing_are_told(table, small_configs, tmp_path, caplog):
    from rnnapps.forecasting.train import train

    config = small_configs("forecasting")
    config = replace(config, source=SeriesSourceConfig(targets=("temp",), future_covariates=("humid",)))
    config = with_training(config, epochs=1, output=str(tmp_path / "out"))
    predictor = rnnapps.load(train(config, table))
    caplog.set_level("WARNING")
    predictor(table)
    assert "note: table 1: humid are known for 0 of 8 steps ahead" in caplog.text
    caplog.clear()
    ahead = table.assign(temp=table["temp"].where(table.index < len(table) - 8))
    predictor(ahead)
    assert "steps ahead" not in caplog.text
