"""Series in, windows of them out."""

from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.read import read_series
from rnnapps.data.series.splits import split_origins
from rnnapps.forecasting.config import ForecastingConfig

EMBEDDED = "series"


def load(config: ForecastingConfig, examples: Any = None, labels: None = None) -> dict[str, Origins]:
    """Load the series of a source, and divide them in time into "train", "validation" and "test".

    Args:
        config: names the source, and how long the windows are.
        examples: instead of a source, a pandas DataFrame or columns by name.
        labels: none; other applications have them.

    Raises:
        UserError: see `rnnapps.data.series.read.read_series`; also a series that is too short.
    """
    series_set = read_series(config.source, datasets.path(EMBEDDED), examples)
    windows, source = config.windows, config.source
    return split_origins(series_set, source, windows.context, windows.horizon, windows.stride)


def training_ends(train: Origins, horizon: int) -> list[int]:
    """Where the training part of each series ends: what the network may know of its size."""
    ends = np.zeros(len(train.series_set), int)
    np.maximum.at(ends, train.windows[:, 0], train.windows[:, 1] + horizon)
    return ends.tolist()
