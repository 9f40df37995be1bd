"""The configuration of a forecaster."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.errors import require
from rnnapps.training.config import TrainingConfig

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)  # of the quantiles: the median, and 50, 80 and 95 %


@dataclass(frozen=True)
class WindowConfig:
    """What the network reads, and what it foretells."""

    context: int = 168
    """steps that it reads"""
    horizon: int = 24
    """steps that it foretells"""
    calendar: bool = True
    """let it know the time of day, the day of the week and the day of the year, as far as they vary and
    the training part has at least two days, weeks or years"""
    stride: int = 1
    """steps from one window of the training to the next"""
    epoch_windows: int = 0
    """windows of an epoch, others in each; 0: all"""

    def __post_init__(self):
        for field in ("context", "horizon", "stride"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        require(self, "epoch_windows", self.epoch_windows >= 0, "at least 0")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    network: Literal["segments", "attention", "autoregressive"] = "segments"
    """segments: a recurrent layer over segments of the past, which foretells those ahead side by side
    (SegRNN); attention: one over all steps, and one over those ahead that looks back at them;
    autoregressive: one that gives the distribution of the next step, and goes on from values drawn of
    it (DeepAR); it can stream"""
    distribution: Literal["gaussian", "student_t", "negative_binomial"] = "student_t"
    """of the next value, of an autoregressive network; negative_binomial is for counts"""
    paths: int = 100
    """paths that an autoregressive network draws for a forecast"""
    cell: Literal["lstm", "gru", "rnn", "layer_norm_lstm", "layer_norm_gru", "min_lstm", "min_gru"] = (
        "gru"
    )
    """recurrent layer; see rnnapps.layers"""
    units: int = 32
    """units of each recurrent layer"""
    depth: int = 1
    """recurrent layers, one on the other"""
    segment: int = 6
    """steps of a segment, of which context and horizon are multiples (segments)"""
    normalise: Literal["none", "last", "mean"] = "last"
    """what each window is freed from, and its forecast gets back (reversible instance normalisation):
    its last value, or its mean and standard deviation (not with an autoregressive network)"""
    linear: bool = True
    """begin with a linear forecast from the window and the calendar, solved by ridge regression, to
    which the recurrent layers add what they find (not with an autoregressive network)"""
    dropout: float = 0.7
    """dropout between recurrent layers and before the output"""
    series_dropout: float = 0.1
    """share of the windows that do not know which series they are of, so that others can be foretold
    (not with an autoregressive network, which never knows)"""

    def __post_init__(self):
        for field in ("units", "depth", "segment", "paths"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        for field in ("dropout", "series_dropout"):
            require(self, field, 0 <= getattr(self, field) < 1, "at least 0 and below 1")
        steps = self.network == "autoregressive"
        other = self.normalise != "mean" or not steps
        require(self, "normalise", other, "last or none with --network autoregressive")
        usual = self.distribution == "student_t" or steps
        require(self, "distribution", usual, "left out: only --network autoregressive has one")


@dataclass(frozen=True)
class ForecastingConfig:
    """Train a forecaster and write it as a bundle."""

    source: SeriesSourceConfig = SeriesSourceConfig()
    windows: WindowConfig = WindowConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig(
        output="runs/forecasting", epochs=6, batch_size=64, learning_rate=5e-4, weight_decay=1.0
    )
    conformal: bool = True
    """widen or narrow the intervals until they hold on the validation steps (conformalized quantiles)"""
    recent: int = 672
    """with it: steps of the recent past, before each forecast, that the intervals are made to hold on
    where the training has not seen them and at least a hundred forecasts have come true; 0: on the
    validation steps only"""

    def __post_init__(self):
        require(self, "recent", self.recent >= 0, "at least 0")
        if self.model.network == "segments":
            for field in ("context", "horizon"):
                whole = getattr(self.windows, field) % self.model.segment == 0
                require(self.windows, field, whole, f"a multiple of --segment {self.model.segment}")
