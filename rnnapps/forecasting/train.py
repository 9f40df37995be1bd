"""Train a forecaster.

One training, four ways to start it:

    rnnapps train forecasting                             on the weather that comes with rnnapps
    rnnapps train forecasting --data sensors.csv --context 96 --horizon 24
    python -m rnnapps.forecasting.train --help            the same command, and its flags
    train(ForecastingConfig(), frame)                     from Python, on a pandas DataFrame
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.data.batches import Batches
from rnnapps.data.series.presets import with_preset
from rnnapps.forecasting import data
from rnnapps.forecasting.config import LEVELS, ForecastingConfig
from rnnapps.forecasting.evaluate import evaluate, table, truth_of
from rnnapps.forecasting.known_series import KnownSeries
from rnnapps.forecasting.predictor import ForecastingPredictor
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: ForecastingConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on a table in memory, and return the path of the bundle.

    Args:
        config: of the source, the windows, the network and the training.
        examples: a pandas DataFrame, whose index may be the times, or a mapping from the names of
            columns to lists or NumPy arrays.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    # The roles of columns are kept in the bundle, for tables of a user that have the same ones.
    if examples is None:
        config = replace(config, source=with_preset(config.source))
    run = TrainingRun("forecasting", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    import keras

    from rnnapps.evaluation.forecast_baselines import MOST, forecast_baselines, window_arrays
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.forecasting.conformal import corrections
    from rnnapps.forecasting.likelihood_loss import LikelihoodLoss
    from rnnapps.forecasting.linear import solve_linear
    from rnnapps.forecasting.model import Shape, build
    from rnnapps.forecasting.next_steps import NextSteps
    from rnnapps.metrics.forecasts import forecast_report
    from rnnapps.training.quantile_loss import QuantileLoss

    series_set, options = splits["train"].series_set, config.windows
    steps = config.model.network == "autoregressive"
    ends = data.training_ends(splits["train"], options.horizon)
    counts = config.model.distribution == "negative_binomial" and steps
    known = KnownSeries.of(series_set, ends, options.calendar, counts)
    known.check(series_set, config.source.data)
    size, seed = config.training.batch_size, config.training.seed
    batches = known.windows(splits["train"], config, size, seed, options.epoch_windows)
    validation = known.windows(splits["validation"], config, size)
    model = build(config.model, Shape.of(batches, series_set))
    predictor = ForecastingPredictor(model, known, config)
    enough = splits["train"].sample(max(1, MOST // len(series_set.targets)))
    windows = {split: predictor.windows(some) for split, some in (splits | {"train": enough}).items()}
    if run.start is None:
        solve_linear(model, windows["train"], windows["validation"])
    run.start_from(model)
    parts: tuple[Batches, Batches] = batches, validation
    loss: keras.Loss = QuantileLoss(LEVELS)
    if steps:
        parts = NextSteps(batches), NextSteps(validation, horizon_only=True)
        loss = LikelihoodLoss(config.model.distribution)
    model.compile(run.optimizer(len(batches)), loss)
    run.fit(model, *parts)

    log.info("scoring the forecasts of the test part, and those of the baselines")
    arrays = {split: window_arrays(some) for split, some in windows.items()}
    if config.conformal:
        raw = predictor.quantiles(windows["validation"])
        found = corrections(raw, arrays["validation"].targets, LEVELS)
        predictor = ForecastingPredictor(model, known, config, found)
    report = evaluate(predictor, splits["test"])
    truth = truth_of(windows["test"], arrays["test"].targets)
    for name, quantiles in forecast_baselines(arrays, series_set.frequency, LEVELS):
        add_baseline(report, name, forecast_report(quantiles, LEVELS, truth))
    return run.finish(
        predictor,
        report,
        table,
        plots={},
        title=f"A forecast of {', '.join(series_set.targets)}",
        limits=f"It foretells {options.horizon} steps ({series_set.frequency}) from the last "
        f"{options.context}, of series like those of its training, as long as the world goes on as it "
        f"did. No forecast of prices is advice to buy or sell.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, ForecastingConfig, "forecasting")
