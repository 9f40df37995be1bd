"""The forecaster as an estimator of scikit-learn.

from rnnapps.estimators import RecurrentForecaster
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

folds = TimeSeriesSplit(5, test_size=24)
cross_val_score(RecurrentForecaster(horizon=24), covariates, values, cv=folds)
"""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from rnnapps.data.series.frequency import infer_frequency
from rnnapps.estimators.bundle_estimator import BundleEstimator
from rnnapps.estimators.fitted_bundle import FittedBundle, check_share, seed_of, value_errors
from rnnapps.forecasting.config import LEVELS, ForecastingConfig, ModelConfig, WindowConfig

TRAINING = ForecastingConfig().training  # its defaults
TIME = "time"  # the column of the times
NOTE = (
    "Trained by `RecurrentForecaster.fit`, which holds back the steps that choose the epoch, and one "
    "forecast at the end: let cross-validation score it."
)


class RecurrentForecaster(RegressorMixin, BundleEstimator):
    """A recurrent network that foretells a series: `rnnapps.forecasting`.

    The rows of X and y are the steps of a series, in order. `predict` gives the steps that follow the
    last one of the training, whatever rows it is called with: rows of the training it does not give
    back. So it belongs into `TimeSeriesSplit`, whose folds are foretold from what came before them.

    The times are the DatetimeIndex (or PeriodIndex) of X or y, and the network then knows the calendar;
    without, the steps are numbered. `fit` learns from all steps but those at the end: a share that
    chooses the best epoch and the width of the intervals, and behind it one horizon, as the bundle has
    scores of its own. Forecasts begin behind these and see them.

    The parameters are the flags of `rnnapps train forecasting` that are tried first, at the same
    defaults.

    Args:
        context: steps that the network reads.
        horizon: steps that it foretells, at most.
        cell: recurrent layer.
        units: of each recurrent layer.
        depth: recurrent layers, one on the other.
        segment: steps of a segment, of which context and horizon are multiples.
        dropout: between recurrent layers and before the output.
        epochs: passes over the training windows, at most.
        batch_size: windows of a batch.
        learning_rate: peak of its schedule.
        validation_share: share of the steps that chooses the epoch, at least one horizon.
        random_state: seed of the training; None: another in each fit.
        verbose: print the epochs and the scores.

    Attributes:
        n_features_in_: number of covariates.
        feature_names_in_: their names, if X had them.
        bundle_: the trained bundle; `bundle_.predictor` is what `rnnapps.load` gives of it.
    """

    def __init__(
        self,
        *,
        context: int = WindowConfig.context,
        horizon: int = WindowConfig.horizon,
        cell: str = ModelConfig.cell,
        units: int = ModelConfig.units,
        depth: int = ModelConfig.depth,
        segment: int = ModelConfig.segment,
        dropout: float = ModelConfig.dropout,
        epochs: int = TRAINING.epochs,
        batch_size: int = TRAINING.batch_size,
        learning_rate: float = TRAINING.learning_rate,
        validation_share: float = 0.1,
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.context = context
        self.horizon = horizon
        self.cell = cell
        self.units = units
        self.depth = depth
        self.segment = segment
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_share = validation_share
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network on a series.

        Args:
            X: covariates that are known beforehand, float `(time, features)`; or None, or a DataFrame
                that has the times and no columns.
            y: the series, float `(time,)` or `(time, targets)`; NaN where a value is missing, but not
                at the end.

        Raises:
            ValueError: a series that is too short, times that do not rise or have no frequency, or a
                parameter that is not allowed.
        """
        if y is None:
            raise ValueError("RecurrentForecaster requires y to be passed, but the target y is None")
        check_share(self)
        times = _times(X, y)
        covariates = self._covariates(X, reset=True)
        series = check_array(
            y, dtype="float64", ensure_2d=False, ensure_all_finite="allow-nan", input_name="y"
        )
        names = _names(y, series)
        self._one_target = series.ndim == 1
        series = series.reshape(len(series), -1)
        if covariates is None:
            covariates = np.empty((len(series), 0))
        check_consistent_length(covariates, series)
        check_array(series, ensure_all_finite=False, ensure_min_samples=self._least(), estimator=self)
        if np.isnan(series[-1]).all():
            raise ValueError("y ends with a missing value: leave out the rows at the end without any")
        self._timed = times is not None
        if times is None:
            times, self._frequency = pd.date_range("2000-01-01", periods=len(series), freq="h"), "h"
        else:
            self._frequency = _frequency(times)
        columns = _columns(names, self._covariate_names())
        table = pd.DataFrame(np.concatenate([series, covariates], axis=1), times, columns)
        table.index.name = TIME
        self.bundle_ = FittedBundle.trained("forecasting", self._values(table, len(names)), table)
        self._horizon = self.horizon
        self._past = table.iloc[-max(2, self.context) :]  # two rows: one is no series
        return self

    def predict(self, X: Any = None) -> np.ndarray:
        """The medians of the steps that follow the training series.

        Args:
            X: the covariates of these steps, float `(time, features)`; where there were none in the
                training also a number of steps, or None for all of the horizon. Where X and the
                training have times, these say which steps are meant; what the covariates of steps before
                them are is then unknown, so that X is best of all steps from the end of the training on.

        Returns:
            float64 `(time,)`, or `(time, targets)` if y had that shape.

        Raises:
            ValueError: more steps than the horizon of the training, other columns, or times that do not
                follow those of the training.
            sklearn.exceptions.NotFittedError: there was no `fit`.
        """
        return self.predict_quantiles(X, [0.5])[..., 0]

    def predict_quantiles(self, X: Any = None, levels: Sequence[float] | None = None) -> np.ndarray:
        """Quantiles of the steps that follow the training series.

        Args:
            X: as of `predict`.
            levels: some of 0.025, 0.1, 0.25, 0.5, 0.75, 0.9 and 0.975, which are the default.

        Returns:
            float64 `(time, levels)`, or `(time, targets, levels)` if y had several dimensions.

        Raises:
            ValueError: other levels, and as `predict`.
            sklearn.exceptions.NotFittedError: there was no `fit`.
        """
        check_is_fitted(self)
        levels = LEVELS if levels is None else levels
        if unknown := [level for level in levels if level not in LEVELS]:
            raise ValueError(f"levels must be of {', '.join(map(str, LEVELS))}, got {unknown[0]}")
        places, table = self._ahead(X)
        with value_errors():
            quantiles = self.bundle_.predictor(table).quantiles[0].astype("float64")
        quantiles = quantiles[places][..., [LEVELS.index(level) for level in levels]]
        return quantiles[:, 0] if self._one_target else quantiles

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # Of rows in no order, such as scikit-learn's checks have, there is nothing to foretell.
        tags.regressor_tags.poor_score = True
        return tags

    def _least(self) -> int:
        """Steps that a window to train on takes, one to validate, and one to score."""
        return self.context + 3 * self.horizon

    def _covariates(self, X: Any, reset: bool) -> np.ndarray | None:
        """X as float64 `(time, features)`, without any where it has none; None of None."""
        if X is not None and not (isinstance(X, pd.DataFrame) and not len(X.columns)):
            return validate_data(self, X, reset=reset, dtype="float64")
        if reset:
            self.n_features_in_ = 0
            if hasattr(self, "feature_names_in_"):  # of a fit before
                del self.feature_names_in_
        elif self.n_features_in_:
            raise ValueError(f"X has no features, and the training had {self.n_features_in_}")
        return None if X is None else np.empty((len(X), 0))

    def _covariate_names(self) -> list[str]:
        unnamed = [f"x{number}" for number in range(self.n_features_in_)]
        return list(getattr(self, "feature_names_in_", unnamed))

    def _values(self, table: pd.DataFrame, targets: int) -> dict[str, dict[str, Any]]:
        """The flags of the training."""
        steps = len(pd.date_range(table.index[0], table.index[-1], freq=self._frequency))
        share = math.ceil(self.validation_share * steps)
        share = max(self.horizon, min(share, steps - self._least() + self.horizon))
        windows, model = ("context", "horizon"), ("cell", "units", "depth", "segment", "dropout")
        return {
            "windows": self._some(*windows) | {"calendar": self._timed},
            "source": {
                "time_column": TIME,
                "targets": list(table.columns[:targets]),
                "future_covariates": list(table.columns[targets:]),
                "frequency": self._frequency,
                "validation_share": share / steps,
                "test_share": self.horizon / steps,
            },
            "model": self._some(*model),
            "training": self._some("epochs", "batch_size", "learning_rate")
            | {"seed": seed_of(self.random_state), "quiet": not self.verbose, "note": NOTE},
        }

    def _ahead(self, X: Any) -> tuple[np.ndarray, pd.DataFrame]:
        """Which steps of the forecast are meant, `(time,)`, and the table that it is made of."""
        horizon = self._horizon
        if isinstance(X, Integral):
            steps, covariates = int(X), self._covariates(None, reset=False)
        else:
            covariates = self._covariates(X, reset=False)
            steps = horizon if covariates is None else len(covariates)
        if steps < 1:
            raise ValueError(f"{steps} steps are to be foretold: at least 1 is needed")
        if steps > horizon:
            raise ValueError(
                f"{steps} steps are to be foretold, and this network was trained for {horizon}: fit it "
                f"with horizon={steps} or more"
            )
        times = pd.date_range(self._past.index[-1], periods=horizon + 1, freq=self._frequency)[1:]
        places = np.arange(steps)
        given = _times(X) if self._timed else None
        if given is not None:
            places = times.get_indexer(given)
            if (places < 0).any():
                raise ValueError(
                    f"X has the time {given[places < 0][0]}, which is none of the {horizon} that follow "
                    f"the training, {times[0]} to {times[-1]}: later ones take a larger horizon"
                )
        if not self.n_features_in_:
            return places, self._past
        table = self._past.reindex(self._past.index.append(times[places]).rename(TIME))
        table.iloc[len(self._past) :, -self.n_features_in_ :] = covariates
        return places, table


def _times(*data: Any) -> pd.DatetimeIndex | None:
    """The index of those of some data that have times for one.

    Raises:
        ValueError: they differ.
    """
    found: pd.DatetimeIndex | None = None
    for one in data:
        index = getattr(one, "index", None)
        if isinstance(index, pd.PeriodIndex):
            index = index.to_timestamp()
        if not isinstance(index, pd.DatetimeIndex):
            continue
        if found is not None and len(found) == len(index) and not found.equals(index):
            raise ValueError(f"X and y have other times: {found[0]} and {index[0]} in their first rows")
        found = index if found is None else found
    return found


def _frequency(times: pd.DatetimeIndex) -> str:
    if not (times.is_monotonic_increasing and times.is_unique) or times.hasnans:
        raise ValueError("the times of the index do not rise from row to row: sort them")
    with value_errors():
        return times.freqstr or infer_frequency([times], "the index")


def _names(y: Any, series: np.ndarray) -> list[str]:
    """What the targets are called."""
    if isinstance(y, pd.DataFrame):
        return list(map(str, y.columns))
    if series.ndim > 1:
        return [f"y{number}" for number in range(series.shape[1])]
    name = getattr(y, "name", None)
    return ["y" if name is None else str(name)]


def _columns(targets: list[str], covariates: list[str]) -> list[str]:
    """The columns of a table, none of which may come twice."""
    names = [TIME, *targets, *covariates]
    if twice := [name for name in names if names.count(name) > 1]:
        what = "the name of the times" if twice[0] == TIME else "two columns of X and y"
        raise ValueError(f"'{twice[0]}' is {what}: rename a column, or leave y out of X")
    return names[1:]
