"""Foretell the next steps of series with a trained bundle.

From the shell and from Python:

    rnnapps predict forecasting weather.csv --plot forecast.png --csv forecast.csv
    forecast = rnnapps.load("forecasting"); forecast("weather.csv"); forecast(pandas.DataFrame(...))
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from tyro.conf import Positional

from rnnapps import bundle, datasets
from rnnapps.data.series.origins import Origins
from rnnapps.data.series.read import read_series
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.windows import Windows
from rnnapps.errors import UsageError, UserError, require
from rnnapps.forecasting.config import LEVELS, ForecastingConfig
from rnnapps.forecasting.conformal import recent_corrections
from rnnapps.forecasting.known_series import KnownSeries, finite
from rnnapps.forecasting.prediction import Forecast
from rnnapps.inference.batching import compiled_size, filled
from rnnapps.inference.inputs import several
from rnnapps.inference.outputs import checked
from rnnapps.inference.predict_options import Groups, PredictionOptions
from rnnapps.inference.predictor import Predictor
from rnnapps.json_files import read_json
from rnnapps.outputs import check_file, write, write_json

if TYPE_CHECKING:
    import keras

    from rnnapps.forecasting.paths import PathSampler
    from rnnapps.forecasting.series_stream import SeriesStream

log = logging.getLogger(__name__)

SIZES = (1, 16, 256)  # of the batches that are compiled
KNOWN = "series.json"


class ForecastingPredictor:
    """A network with what it knows of its series; call it with a table or a list of tables."""

    application: ClassVar[str] = "forecasting"

    def __init__(
        self,
        model: "keras.Model",
        known: KnownSeries,
        config: ForecastingConfig,
        corrections: np.ndarray | None = None,
    ):
        self.model, self.known, self.config = model, known, config
        shape = _shape_of_quantiles(model, config)
        self.corrections = np.zeros(shape, "float32") if corrections is None else corrections

    def save(self, folder: Path) -> None:
        """Write all that `load` needs into the folder of a bundle."""
        bundle.save_model(self.model, folder)
        bundle.write_config(folder, self.application, self.config)
        values = self.known.to_dict() | {"corrections": self.corrections.tolist()}
        write_json(folder / KNOWN, values)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a bundle: see `rnnapps.inference.predictor.Predictor`."""
        with bundle.opening(path, cls.application):
            config = bundle.read_config(path, ForecastingConfig)
            model, values = bundle.load_model(path), read_json(path / KNOWN)
            known, corrections = KnownSeries.from_dict(values), finite(values["corrections"])
            shape = _shape_of_quantiles(model, config)
            bundle.check_size("corrections", corrections.size, math.prod(shape))
            return cls(model, known, config, corrections.reshape(shape))

    def __call__(
        self, tables: Any, horizon: int | None = None, paths: bool = False, recent: bool = True
    ) -> Any:
        """Foretell the steps after the end of each series of a table, or of a list of tables.

        Args:
            tables: the path of a file or a pandas DataFrame, with the columns of the training; or a list
                of such.
            horizon: steps, at most those that the network was trained for, which are the default.
            paths: whether the forecasts have the paths that an autoregressive network draws.
            recent: make the intervals hold on the recent past of the table, which takes more forecasts;
                without it they hold on the validation part of the training.

        Returns:
            A `Forecast`, or a list of them.

        Raises:
            UserError: what is no table, or one with other columns or of another frequency, or a longer
                horizon than that of the training; paths of a network that draws none.
        """
        if isinstance(tables, (str, Path)) or hasattr(tables, "columns"):
            return self([tables], horizon, paths, recent)[0]
        most, network = self.config.windows.horizon, self.config.model.network
        if horizon is not None and not 1 <= horizon <= most:
            raise UserError(
                f"--horizon {horizon}: this network foretells {most} steps: give at most as many, or "
                f"train another"
            )
        if paths and network != "autoregressive":
            raise UserError(
                f"--paths: this network ({network}) has quantiles only: train one with --network "
                f"autoregressive"
            )
        answers = []
        for number, table in enumerate(several(tables, "tables"), start=1):
            if not (isinstance(table, (str, Path)) or hasattr(table, "columns")):
                raise UserError(
                    f"table {number}: a {type(table).__name__}: expected the path of a file, or a "
                    f"DataFrame"
                )
            series_set = self.read(table)
            ahead = min(len(series.future) - len(series) for series in series_set.series)
            if series_set.future and ahead < (horizon or most):
                log.warning(
                    "note: %s: %s are known for %d of %d steps ahead: the others are read as unknown",
                    *(table if isinstance(table, (str, Path)) else f"table {number}",),
                    *(", ".join(series_set.future), ahead, horizon or most),
                )
            ends = [len(series) for series in series_set.series]
            starts = np.stack([np.arange(len(ends)), ends], axis=1).astype("int32")
            origins = Origins(series_set, starts)
            windows = self.windows(origins)
            targets = self.corrections.shape[1]
            mean, scale = (part[:, None, :targets] for part in windows.scaling[:2])
            drawn = self.paths(windows) if paths else None
            corrections = self.recent_corrections(origins) if recent else None
            quantiles = self.quantiles(windows, drawn, corrections)
            quantiles = quantiles * scale[..., None] + mean[..., None]
            answers.append(
                Forecast(
                    str(table) if isinstance(table, (str, Path)) else "",
                    series_set,
                    quantiles[:, :horizon],
                    None if drawn is None else (drawn * scale[:, None] + mean[:, None])[:, :, :horizon],
                )
            )
        return answers

    def read(self, table: Any) -> SeriesSet:
        """The series of a table, with the columns of the training.

        Raises:
            UserError: see `rnnapps.data.series.read.read_series`; also another frequency.
        """
        source = self.config.source
        if isinstance(table, (str, Path)):
            source, table = replace(source, data=str(table)), None
        series_set = read_series(source, datasets.path("series"), table)
        self.known.check(series_set, source.data)
        return series_set

    def windows(self, origins: Origins) -> Windows:
        """The windows of forecasts, in order, standardised."""
        return self.known.windows(origins, self.config, SIZES[-1])

    def quantiles(
        self, windows: Windows, paths: np.ndarray | None = None, corrections: np.ndarray | None = None
    ) -> np.ndarray:
        """The corrected quantiles of windows, standardised: float32
        `(windows, horizon, targets, levels)`.

        Args:
            windows: of the forecasts.
            paths: those of the windows, if they are drawn already.
            corrections: other ones than those of the validation part, of each window or of all.
        """
        if paths is not None:
            answers = _of_paths(paths)
        elif self.config.model.network == "autoregressive":
            answers = self._in_batches(windows, lambda inputs: _of_paths(self._drawn(inputs)))
        else:
            answers = self._in_batches(windows, self.model.predict_on_batch)
        # Nothing keeps the outputs of the network in order.
        added = self.corrections if corrections is None else corrections
        answers = np.sort(np.sort(answers, axis=-1) + added, axis=-1)
        return np.maximum(answers, 0) if self.known.counts else answers

    def recent_corrections(self, origins: Origins) -> np.ndarray:
        """Corrections of each forecast by those before it that have come true: float32
        `(forecasts, horizon, targets, levels)`, or one for all, for `quantiles`.
        """
        none = np.zeros_like(self.corrections)
        return recent_corrections(
            origins,
            self.known,
            self.config,
            self.corrections,
            lambda windows: self.quantiles(windows, corrections=none),
        )

    def paths(self, windows: Windows) -> np.ndarray:
        """Paths of what may come, standardised, as an autoregressive network draws them: float32
        `(windows, paths, horizon, targets)`.
        """
        return self._in_batches(windows, self._drawn)

    def _drawn(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        horizon, targets, _ = self.corrections.shape
        return self.sampler(inputs, horizon, targets)

    def stream(self, interval: int = 95) -> "SeriesStream":
        """A stream that begins now; values outside of an interval, of 50, 80 or 95 %, are marked.

        Raises:
            UserError: the network reads whole windows, or is told the future, and cannot stream.
        """
        from rnnapps.forecasting.series_stream import SeriesStream

        network, future = self.config.model.network, self.config.source.future_covariates
        if network != "autoregressive":
            raise UserError(
                f"this network ({network}) reads whole windows and cannot stream: train one with "
                f"--network autoregressive"
            )
        if future:
            raise UserError(
                f"this network reads {', '.join(future)} of the next step, which no stream has: train "
                f"one without --future-covariates"
            )
        return SeriesStream(self, interval)

    @cached_property
    def sampler(self) -> "PathSampler":
        """What draws paths, of the weights that the network has when it is first asked for."""
        from rnnapps.forecasting.paths import PathSampler

        return PathSampler(self.model, self.config.model)

    def _in_batches(self, windows: Windows, answer: Callable[[Any], np.ndarray]) -> np.ndarray:
        """The answers for the inputs of all windows."""
        answers = []
        for inputs, _, _ in windows.in_order_of_length():
            rows = len(inputs["series"])
            size = compiled_size(rows, SIZES)
            batch = {name: filled(array, size) for name, array in inputs.items()}
            answers.append(checked(answer(batch)[:rows]))
        return np.concatenate(answers)


def _of_paths(paths: np.ndarray) -> np.ndarray:
    """Quantiles `(batch, horizon, targets, levels)` of paths `(batch, paths, horizon, targets)`."""
    found = np.quantile(paths, LEVELS, axis=1, method="median_unbiased")
    return np.moveaxis(found, 0, -1).astype("float32")


def _shape_of_quantiles(model: "keras.Model", config: ForecastingConfig) -> tuple[int, int, int]:
    """Steps, targets and levels."""
    return config.windows.horizon, model.output_shape[2], len(LEVELS)


@dataclass(frozen=True)
class PredictOptions(PredictionOptions):
    """Foretell what comes after the end of each series of tables."""

    files: Positional[tuple[str, ...]] = ()
    """tables with the columns of the training: CSV, TSV, JSON or Parquet"""
    model: str = "forecasting"
    """path or name of a bundle"""
    horizon: int | None = None
    """steps (default: all that the network was trained for)"""
    csv: str | None = None
    """CSV file for the quantiles of every step"""
    paths: bool = False
    """with --csv: columns for the paths too that an autoregressive network draws"""
    recent: bool = True
    """make the intervals hold on the recent past of the table, which takes more forecasts; without, they
    hold on the validation part of the training"""

    def __post_init__(self):
        require(self, "horizon", self.horizon is None or self.horizon >= 1, "at least 1")
        require(self, "csv", self.csv != "-", "a file (--json - writes to standard output)")
        if self.csv is not None:
            check_file(Path(self.csv))
        elif self.paths:
            raise UsageError("--paths adds columns to a table: give --csv FILE too")

    def open(self) -> Callable[[Predictor], Groups]:
        """What reads the inputs for a predictor."""
        if not self.files:
            raise UsageError("give the table of a series, a file")
        if self.plot is not None and len(self.files) != 1:
            raise UsageError(f"--plot draws one answer, and these are {len(self.files)} tables")
        return lambda predictor: ([(None, file)] for file in self.files)

    def call_options(self) -> dict[str, Any]:
        return {"horizon": self.horizon, "paths": self.paths, "recent": self.recent}

    @property
    def output(self) -> str | None:
        return self.csv

    def write_output(self, answers: Sequence[Forecast]) -> None:
        """Write the quantiles of all tables to the file of `csv`."""
        import pandas as pd

        frames = [answer.to_frame() for answer in answers]
        if len(frames) > 1:
            for frame, answer in zip(frames, answers, strict=True):
                frame.insert(0, "table", answer.table)
        write(Path(str(self.csv)), pd.concat(frames).to_csv(index=False).encode())
