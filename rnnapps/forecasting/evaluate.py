"""Score a forecaster beside its baselines, on what came after it was trained.

On the test part of its source, from every origin, or on other series:

    rnnapps evaluate forecasting --model runs/forecasting
    rnnapps evaluate forecasting --data weather-2014.csv --json scores.json
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.series.origins import Origins
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.series.windows import Windows
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, scores_table
from rnnapps.forecasting.config import LEVELS

if TYPE_CHECKING:
    from rnnapps.forecasting.predictor import ForecastingPredictor
    from rnnapps.metrics.forecasts import Truth

COLUMNS: dict[str, Column] = {
    "mse": ("MSE", "{:.3f}"),
    "mae": ("MAE", "{:.3f}"),
    "mae_units": ("MAE in units", "{:.4g}"),
    "mase": ("MASE", "{:.3f}"),
    "smape": ("sMAPE", "{:.1%}"),
    "wql": ("WQL", "{:.4f}"),
    "crps": ("CRPS", "{:.4f}"),
    "coverage_50": ("in the 50 %", "{:.1%}"),
    "coverage_80": ("80 %", "{:.1%}"),
    "coverage_95": ("95 %", "{:.1%}"),
}


def evaluate(predictor: "ForecastingPredictor", origins: Origins) -> dict[str, Any]:
    """Score a forecaster from every origin of a split.

    Returns:
        The report: the scores of `rnnapps.metrics.forecasts.forecast_report`; the baseline is the last
        value.

    Raises:
        UserError: series of other columns or of another frequency than those of the training.
    """
    from rnnapps.evaluation.forecast_baselines import last_value, window_arrays
    from rnnapps.metrics.forecasts import forecast_report

    predictor.known.check(origins.series_set, "what is to be scored")
    windows = predictor.windows(origins)
    some = window_arrays(windows)
    truth = truth_of(windows, some.targets)
    corrections = predictor.recent_corrections(origins)
    scores = forecast_report(predictor.quantiles(windows, corrections=corrections), LEVELS, truth)
    last = np.repeat(last_value(some)[..., None], len(LEVELS), axis=-1)
    return report(origins.digest(), scores, {"last value": forecast_report(last, LEVELS, truth)})


def truth_of(windows: Windows, targets: np.ndarray) -> "Truth":
    """What came, with the sizes of the series of each window."""
    from rnnapps.metrics.forecasts import Truth

    series, number = windows.windows[:, 0], targets.shape[-1]
    sizes = (part[series, :number] for part in windows.scaling)
    return Truth(targets, *sizes)


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    return scores_table(report, COLUMNS)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test part of its source, or on other series."""

    model: str = "forecasting"
    """path or name of a bundle"""
    source: SeriesSourceConfig = SeriesSourceConfig()
