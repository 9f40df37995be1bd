import pickle

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import rnnapps
from rnnapps.estimators import RecurrentForecaster
from rnnapps.estimators.fitted_bundle import FittedBundle

SMALL = RecurrentForecaster(context=4, horizon=2, segment=2, units=4, epochs=1, random_state=1)

# Of scikit-learn's checks these predict the rows of the training, of which there are more than the
# horizon has steps (a series is to be longer than three horizons), and which no forecast is of.
EXPECTED = [
    "check_dict_unchanged",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_pipeline_consistency",
    "check_regressor_data_not_an_array",
    "check_regressor_multioutput",
    "check_regressors_int",
    "check_regressors_train",
    "check_supervised_y_2d",
]


@pytest.fixture(scope="module", autouse=True)
def eagerly():
    """No graphs of TensorFlow: for a few steps of small networks they cost more than the steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def trained_once(monkeypatch):
    """All trainings but the first give the same bundle. There are some thirty in scikit-learn's checks,
    which ask for what an estimator does before and after.
    """
    train, found = FittedBundle.trained, []

    def trained(cls, *arguments):
        if not found:
            found.append(train(*arguments))
        return found[0]

    monkeypatch.setattr(FittedBundle, "trained", classmethod(trained))


def test_scikit_learns_checks(trained_once):
    reason = "it predicts the rows of the training, and they are more than the horizon"
    results = check_estimator(
        SMALL, expected_failed_checks=dict.fromkeys(EXPECTED, reason), on_skip=None
    )
    failed = {
        result["check_name"]: str(result["exception"]) for result in results if result["exception"]
    }
    skipped = failed.pop("check_array_api_input", "SCIPY_ARRAY_API is not set")
    assert "SCIPY_ARRAY_API is not set" in skipped
    assert sorted(failed) == EXPECTED
    assert all("steps are to be foretold" in problem for problem in failed.values()), failed


@pytest.fixture(scope="module")
def weather(weather_csv) -> pd.DataFrame:
    """Temperature and humidity of 200 hours; five others between them have no row."""
    return pd.read_csv(weather_csv, index_col="time", parse_dates=True).ffill()[200:400]


@pytest.fixture(scope="module")
def fitted(weather) -> RecurrentForecaster:
    return clone(SMALL).fit(weather[["humid"]][:-2], weather["temp"][:-2])


def test_it_predicts_what_follows(fitted, weather):
    ahead = weather[["humid"]][-2:]
    found = fitted.predict(ahead)
    assert found.shape == (2,) and found.dtype == "float64" and fitted.n_features_in_ == 1
    forecast = fitted.bundle_.predictor(weather.assign(temp=weather["temp"][:-2]))
    assert forecast.times(0).equals(ahead.index)
    assert found == pytest.approx(forecast.quantiles[0, :, 0, 3])
    later = fitted.predict(ahead[1:])  # by its time, with nothing known of the step between
    assert later.shape == (1,) and later != found[0]
    assert np.isfinite(fitted.score(ahead, weather["temp"][-2:]))
    assert abs(found - weather["temp"].iloc[-3]).max() < 20


def test_it_predicts_quantiles(fitted, weather):
    ahead = weather[["humid"]][-2:]
    found = fitted.predict_quantiles(ahead)
    assert found.shape == (2, 7) and (np.diff(found, axis=-1) >= 0).all()
    assert (found[:, 3] == fitted.predict(ahead)).all()
    assert (fitted.predict_quantiles(ahead, [0.9, 0.1]) == found[:, [5, 1]]).all()
    with pytest.raises(ValueError, match="levels must be of 0.025, .*, got 0.3"):
        fitted.predict_quantiles(ahead, [0.3])


def test_other_steps_are_refused(fitted, weather):
    with pytest.raises(ValueError, match="3 steps .* trained for 2: fit it with horizon=3 or more"):
        fitted.predict(weather[["humid"]][-3:])
    with pytest.raises(ValueError, match="X has the time 2013-01-09 .* none of the 2 that follow"):
        fitted.predict(weather[["humid"]][:1])
    for X in (None, 2, weather[[]][-2:]):
        with pytest.raises(ValueError, match="X has no features, and the training had 1"):
            fitted.predict(X)


def test_it_can_be_pickled_and_saved(fitted, weather, tmp_path):
    ahead = weather[["humid"]][-2:]
    again = pickle.loads(pickle.dumps(fitted))
    assert (again.predict(ahead) == fitted.predict(ahead)).all()
    fitted.save(tmp_path / "bundle")
    table = weather.assign(temp=weather["temp"][:-2])
    answer = rnnapps.load(tmp_path / "bundle")(table)
    assert answer.to_frame()["0.5"].to_numpy() == pytest.approx(fitted.predict(ahead))


def test_series_without_covariates(capfd):
    """Two of them, and no times: the steps are numbered."""
    series = np.stack([np.sin(np.arange(40)), np.arange(40)], axis=1)
    series[10, 0] = np.nan
    forecaster = clone(SMALL).fit(None, series)
    found = forecaster.predict()
    assert found.shape == (2, 2) and (forecaster.predict(1) == found[:1]).all()
    assert forecaster.predict_quantiles(2).shape == (2, 2, 7)
    with pytest.raises(ValueError, match="0 steps are to be foretold: at least 1"):
        forecaster.predict(0)
    with pytest.raises(ValueError, match="X has 1 features, but .* 0 features"):
        forecaster.predict([[1.0]])
    assert capfd.readouterr() == ("", "")


def test_folds_of_time(weather):
    """Each is foretold from what came before; a pipeline may keep the times."""
    scale = StandardScaler().set_output(transform="pandas")
    folds = TimeSeriesSplit(2, test_size=2)
    found = cross_val_score(
        make_pipeline(scale, SMALL),
        weather[["humid"]],
        weather["temp"],
        cv=folds,
        scoring="neg_mean_absolute_error",
        error_score="raise",
    )
    assert found.shape == (2,) and (found > -20).all()


@pytest.mark.parametrize(
    ("X", "y", "options", "problem"),
    [
        (None, np.arange(9.0), {}, "9 sample.* minimum of 10 is required by RecurrentForecaster"),
        (None, [*range(19), np.nan], {}, "y ends with a missing value"),
        (None, [*range(19), np.inf], {}, "contains infinity"),
        (np.zeros((20, 1)), range(19), {}, "inconsistent numbers of samples"),
        (None, range(20), {"horizon": 3}, "--horizon must be a multiple of --segment 2, got 3"),
        (None, range(20), {"horizon": 0}, "--horizon must be at least 1, got 0"),
        (None, range(20), {"validation_share": 1.5}, "--validation-share must be above 0"),
        (None, range(20), {"learning_rate": -1.0}, "--learning-rate must be above 0, got -1.0"),
    ],
)
def test_wrong_input_is_refused(X, y, options, problem):
    with pytest.raises(ValueError, match=problem):
        clone(SMALL).set_params(**options).fit(X, y)


def test_wrong_tables_are_refused():
    times = pd.date_range("2020-01-01", periods=20)
    y = pd.Series(np.arange(20.0), times, name="sales")
    with pytest.raises(ValueError, match="'sales' is two columns of X and y: .* leave y out of X"):
        SMALL.fit(y.to_frame(), y)
    with pytest.raises(ValueError, match="X and y have other times: 2020-01-02"):
        SMALL.fit(y.to_frame("x").set_axis(times + pd.Timedelta(days=1)), y)
    with pytest.raises(ValueError, match="'time' is the name of the times: rename"):
        SMALL.fit(y.to_frame("time"), y)
    with pytest.raises(ValueError, match="do not rise from row to row"):
        SMALL.fit(None, y[::-1])
