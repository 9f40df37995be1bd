"""The network that gives the distribution of the next step, and goes on by itself."""

from dataclasses import replace

import keras
import numpy as np
import pandas
import pytest
from conftest import with_training

import rnnapps
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.forecasting import data
from rnnapps.forecasting.config import LEVELS, ForecastingConfig, ModelConfig, WindowConfig
from rnnapps.forecasting.distributions import DISTRIBUTIONS
from rnnapps.forecasting.next_steps import NextSteps
from rnnapps.forecasting.train import train
from rnnapps.training.config import TrainingConfig


def autoregressive(config, **options):
    model = replace(config.model, network="autoregressive", paths=20, **options)
    return with_training(replace(config, model=model), epochs=1)


@pytest.fixture(scope="module")
def path(small_configs, shared):
    def make(folder):
        config = autoregressive(small_configs("forecasting"))
        train(with_training(config, output=str(folder / "small")))

    return shared("bundle-autoregressive", make) / "small"


@pytest.fixture(scope="module")
def predictor(path):
    return rnnapps.load(path)


@pytest.fixture(scope="module")
def table(weather_csv):
    return pandas.read_csv(weather_csv)


def counts() -> pandas.DataFrame:
    """Days of two shops, a row for each shop and day, with what does not change in a shop."""
    random = np.random.default_rng(0)
    days = pandas.date_range("2024-01-01", periods=120, freq="D")
    parts = []
    for shop, mean in (("a", 3), ("b", 400)):
        sold = random.negative_binomial(5, 5 / (5 + mean), len(days)).astype(float)
        sold[30] = np.nan
        about = {"shop": shop, "day": days, "sold": sold, "town": shop, "size": mean}
        parts.append(pandas.DataFrame(about))
    return pandas.concat(parts)


def test_the_next_step_sees_what_came_before_it_alone(predictor, small_configs):
    """Whatever comes later changes nothing, and what is not known neither."""
    origins = data.load(autoregressive(small_configs("forecasting")))["validation"]
    windows = predictor.windows(origins)
    (inputs, targets, known), *_ = NextSteps(windows).in_order_of_length()
    assert inputs["x"].shape[1] == targets.shape[1] == 24 + 8 - 1
    answers = predictor.model.predict_on_batch(inputs)
    changed = {"x": inputs["x"].copy()}
    changed["x"][:, 20:] += 1
    later = predictor.model.predict_on_batch(changed)
    np.testing.assert_allclose(later[:, :20], answers[:, :20], atol=1e-5)
    assert np.abs(later[:, 20:] - answers[:, 20:]).max() > 0.1
    # The value that is to be foretold is the last known one of the next step.
    whole = known[:, :-1] > 0
    np.testing.assert_allclose(inputs["x"][:, 1:, :, 0][whole], targets[:, :-1][whole])


def test_nothing_that_was_trained_on_validates(predictor, small_configs):
    """Of the context there is no loss: it reaches back into the training part."""
    origins = data.load(autoregressive(small_configs("forecasting")))["validation"]
    (_, _, weights), *_ = NextSteps(predictor.windows(origins), horizon_only=True).in_order_of_length()
    assert weights[:, :23].sum() == 0 and weights[:, 23:].mean() > 0.9


def test_paths_do_not_depend_on_what_stands_beside(predictor, small_configs):
    origins = data.load(autoregressive(small_configs("forecasting")))["validation"]
    inputs, _, _ = next(predictor.windows(origins).in_order_of_length())
    some = {name: array[:16] for name, array in inputs.items()}
    one = {name: array[3:4] for name, array in inputs.items()}
    alone, beside = predictor.sampler(one, 8, 2)[0], predictor.sampler(some, 8, 2)[3]
    np.testing.assert_allclose(alone, beside, atol=1e-4)


def test_a_gap_keeps_the_last_known_value():
    from rnnapps.forecasting.next_steps import features

    past = np.array([[[2.0], [0.0], [0.0], [5.0]]], "float32")
    known = np.array([[[1.0], [0.0], [0.0], [1.0]]], "float32")
    calendar = np.arange(6, dtype="float32").reshape(1, 6, 1)
    inputs = {"past": past, "known": known, "calendar": calendar, "static": np.array([[7.0, 0.5]])}
    x = features(inputs, 1, ahead=1)
    assert x.shape == (1, 5, 1, 5)
    np.testing.assert_array_equal(x[0, :, 0, 0], [2, 2, 2, 5, 5])  # carried on, not filled in:
    np.testing.assert_array_equal(x[0, :, 0, 1], [1, 0, 0, 1, 0])
    np.testing.assert_array_equal(x[0, :, 0, 2], np.full(5, 0.5))  # its scale
    np.testing.assert_array_equal(x[0, :, 0, 3], [1, 2, 3, 4, 5])  # of the step that follows
    np.testing.assert_array_equal(x[0, :, 0, 4], np.full(5, 7))  # static


def test_paths_begin_with_the_distribution_of_the_next_step(predictor, table):
    """Draws of it, so their quantiles are its own, as far as so many draws show them."""
    many = replace(predictor.config, model=replace(predictor.config.model, paths=2000))
    wide = type(predictor)(predictor.model, predictor.known, many)
    forecast = wide(table, paths=True)
    assert forecast.paths.shape == (1, 2000, 8, 2)
    stream = wide.stream()
    end = len(table) - wide.config.windows.context
    for row in table[end:].to_dict("records"):
        values = stream.push(row["time"], row)
    for place, value in enumerate(values):
        first = np.quantile(forecast.paths[0, :, 0, place], LEVELS)
        scale = wide.known.scaling.scale[0, place]
        # The stream began one step later than the window, whose first values it has not.
        np.testing.assert_allclose(first[2:5], value.ahead[2:5], atol=0.15 * scale)
    np.testing.assert_array_equal(wide(table).quantiles, forecast.quantiles)


def test_the_table_of_a_forecast_has_its_paths(path, weather_csv, tmp_path, capsys):
    csv = tmp_path / "out.csv"
    command = ["predict", "forecasting", str(weather_csv), "--model", str(path), "--csv", str(csv)]
    dispatch([*command, "--paths", "--horizon", "3"])
    frame = pandas.read_csv(csv)
    assert len(frame) == 6 and [name for name in frame if name.startswith("path ")][-1] == "path 20"
    with pytest.raises(UsageError, match="--paths adds columns to a table: give --csv FILE too"):
        dispatch(["predict", "forecasting", str(weather_csv), "--model", str(path), "--paths"])


def test_paths_of_quantiles(small_bundles, table):
    with pytest.raises(UserError, match=r"--paths: this network \(segments\) has quantiles only"):
        rnnapps.load(small_bundles("forecasting"))(table, paths=True)


def test_counts_and_what_does_not_change(tmp_path):
    """Of two shops, one of which sells a hundred times as much: whole numbers, of its own size."""
    source = SeriesSourceConfig(
        id_column="shop", time_column="day", targets=("sold",), static_covariates=("town", "size")
    )
    model = ModelConfig(
        network="autoregressive", distribution="negative_binomial", units=8, paths=50, dropout=0.0
    )
    training = TrainingConfig(output=str(tmp_path / "out"), epochs=10, batch_size=16, learning_rate=0.02)
    config = ForecastingConfig(source, WindowConfig(context=14, horizon=7), model, training)
    predictor = rnnapps.load(train(replace(config, conformal=False), counts()))
    forecast = predictor(counts(), paths=True)
    np.testing.assert_allclose(forecast.paths, np.round(forecast.paths), atol=1e-2)
    assert (forecast.paths > -0.01).all()
    few, many = forecast.quantiles[:, :, 0, LEVELS.index(0.5)].mean(axis=1)
    assert 1 < few < 8 and 200 < many < 700
    features = predictor.known.static.features([("a", "3"), ("b", "400")])
    np.testing.assert_allclose(features, [[1, 0, -1], [0, 1, 1]])
    stream = predictor.stream()
    (value,) = stream.push("2024-05-01", {"sold": 380, "town": "b", "size": 400}, "b")
    assert 100 < value.ahead[LEVELS.index(0.5)] < 900
    with pytest.raises(UserError, match="'sold' has 0.5, which is no count: with"):
        predictor(counts().assign(sold=0.5))


def test_static_features_reach_the_other_networks(small_configs, table):
    both = pandas.concat([table.assign(station=name, height=name) for name in ("1", "20")])
    config = small_configs("forecasting")
    source = replace(config.source, id_column="station", static_covariates=("height",))
    model, batches, _ = prepare("forecasting", replace(config, source=source), both)
    inputs, targets, known = next(iter(batches.epoch(0)))
    assert inputs["static"].shape == (16, 1) and set(inputs["static"][:, 0]) == {-1.0, 1.0}
    for _ in range(3):  # at first the recurrent layers add nothing
        model.train_on_batch(inputs, targets, known)
    one, other = (
        model.predict_on_batch(inputs | {"static": np.full((16, 1), value, "float32")})
        for value in (-1.0, 1.0)
    )
    assert np.abs(one - other).max() > 1e-7


def test_options_that_do_not_fit():
    with pytest.raises(
        UsageError, match="--normalise must be last or none with --network autoregressive"
    ):
        ModelConfig(network="autoregressive", normalise="mean")
    with pytest.raises(UsageError, match="--distribution must be left out: only --network autoreg"):
        ModelConfig(distribution="gaussian")
    with pytest.raises(UsageError, match="--paths must be at least 1"):
        ModelConfig(paths=0)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_network_learns_each_distribution(small_configs, table, distribution):
    config = autoregressive(small_configs("forecasting"), distribution=distribution)
    whole = table.assign(temp=table["temp"].round(), humid=table["humid"].round())
    model, batches, _ = prepare("forecasting", config, whole)
    batch = next(iter(batches.epoch(0)))
    losses = [float(model.train_on_batch(*batch, return_dict=True)["loss"]) for _ in range(15)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0] - 0.1
    keras.backend.clear_session()
