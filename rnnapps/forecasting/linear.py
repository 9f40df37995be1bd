"""The linear part of a forecast, solved before the recurrent layers learn what it leaves."""

import logging

import keras
import numpy as np

from rnnapps.data.series.windows import Windows
from rnnapps.evaluation.forecast_baselines import chosen_ridge

log = logging.getLogger(__name__)


def solve_linear(model: keras.Model, train: Windows, validation: Windows) -> None:
    """Give the layer `linear` of a forecaster the weights of ridge regression, if it has one.

    It stays as it is in training. The regularisation is the one with the lowest error on the validation
    windows.

    Args:
        model: of `rnnapps.forecasting.model.build`.
        train: windows of the training, of which some thousands are enough.
        validation: those that choose the regularisation.
    """
    if "linear" not in [layer.name for layer in model.layers]:
        return
    names = ("linear", "spread", "level")
    parts = keras.Model(model.inputs, [model.get_layer(name).input for name in names])
    ridge = chosen_ridge(*_rows(parts, train), *_rows(parts, validation))
    model.get_layer("linear").set_weights([ridge.coef_.T, ridge.intercept_])
    log.info("a linear forecast, regularised by %g, to which the recurrent layers add", ridge.alpha)


def _rows(parts: keras.Model, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """What the linear layer reads, and what it should answer, a row for each window and target."""
    features, answers = [], []
    for inputs, targets, known in windows.in_order_of_length():
        x, spread, level = parts.predict_on_batch(inputs)
        y = np.where(known > 0, targets, np.nan)
        y = np.moveaxis(y, 1, 2).reshape(len(x), -1)
        features.append(x)
        answers.append((y - level[..., 0]) / spread[..., 0])
    return np.concatenate(features), np.concatenate(answers)
