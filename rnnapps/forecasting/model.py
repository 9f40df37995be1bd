"""The networks: what a window of the past says of the steps to come."""

from typing import NamedTuple, Self

import keras
from keras import layers, ops

from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.windows import Windows
from rnnapps.forecasting.config import LEVELS, ModelConfig
from rnnapps.forecasting.distributions import DISTRIBUTIONS, around_last
from rnnapps.forecasting.next_steps import number_of_features
from rnnapps.layers import RecurrentStack


class Shape(NamedTuple):
    """The sizes of the data."""

    context: int
    """steps of the past"""
    horizon: int
    """steps to come"""
    targets: int
    """variables that are foretold"""
    past: int
    """further variables of which the past is known"""
    calendar: int
    """features of the calendar and variables that are known beforehand"""
    series: int
    """series of the training"""
    static: int = 0
    """features of a series that do not change"""

    @classmethod
    def of(cls, windows: Windows, series_set: SeriesSet) -> Self:
        """Those of windows of a set."""
        inputs, targets, _ = windows.extremes()[0]
        _, horizon, number = targets.shape
        past, calendar = inputs["past"].shape, inputs["calendar"].shape
        static = inputs["static"].shape[1] if "static" in inputs else 0
        return cls(past[1], horizon, number, past[2] - number, calendar[2], len(series_set), static)


def build(config: ModelConfig, shape: Shape) -> keras.Model:
    """Build the network. Each target is foretold by itself, by shared weights.

    Inputs, float32 but for the last: `past` `(batch, context, targets + past)`, standardised, 0 where
    nothing is known; `known`, of the same shape, 1 where a value is; `calendar`
    `(batch, context + horizon, features)`; `series`, int32 `(batch,)`, from 1 on, 0 for an unknown one;
    `static` `(batch, features)` where there are any. Output: quantiles, `(batch, horizon, targets,
    levels)`.

    An autoregressive network has one input, `x` of `rnnapps.forecasting.next_steps`, and for each step
    the outputs of a distribution of the next, `(batch, context + horizon - 1, targets, outputs)`.
    """
    if config.network == "autoregressive":
        return _autoregressive(config, shape)
    variables = shape.targets + shape.past
    past = keras.Input((shape.context, variables), name="past")
    known = keras.Input((shape.context, variables), name="known")
    calendar = keras.Input((shape.context + shape.horizon, shape.calendar), name="calendar")
    series = keras.Input((), dtype="int32", name="series")

    values, real = (_each_target(x[..., : shape.targets]) for x in (past, known))
    level, spread = _level(config.normalise, values, real)
    others = [x[..., shape.targets :] for x in (past, known)] + [calendar[:, : shape.context]]
    others = [ops.repeat(x, shape.targets, axis=0) for x in others if x.shape[-1]]
    x = ops.concatenate([(values - level) / spread * real, real, *others], axis=-1)
    ahead = ops.repeat(calendar[:, shape.context :], shape.targets, axis=0)
    rows = ops.repeat(series, shape.targets, axis=0)
    which = _which(config, shape, rows, series)
    inputs = {"past": past, "known": known, "calendar": calendar, "series": series}
    if shape.static:
        inputs["static"] = keras.Input((shape.static,), name="static")
        static = ops.repeat(inputs["static"], shape.targets, axis=0)
        which = layers.concatenate([which, static])

    network = _segments if config.network == "segments" else _attention
    y = network(config, shape, x, ahead, rows, which)
    if config.linear:
        y = y + _linear(config, shape, x, ahead)
    y = y * layers.Identity(name="spread")(spread) + layers.Identity(name="level")(level)
    y = ops.reshape(y, (-1, shape.targets, shape.horizon, len(LEVELS)))
    return keras.Model(inputs, ops.transpose(y, (0, 2, 1, 3)), name="forecasting")


def _segments(config, shape, x, ahead, rows, which):
    """One recurrent layer over segments, and from its last state over each segment to come, side by side
    (Lin et al. 2023, "SegRNN").
    """
    recurrent = RecurrentStack(
        config.units,
        config.depth,
        config.cell,
        dropout=config.dropout,
        return_state=True,
        name="recurrent",
    )
    x = ops.reshape(x, (-1, shape.context // config.segment, config.segment * x.shape[-1]))
    _, *states = recurrent(layers.Dense(config.units, "relu", name="segments")(x))
    number = shape.horizon // config.segment
    places = layers.Embedding(number, config.units, name="places")(_counted(rows, number))
    x = layers.Dense(config.units, name="which")(which)[:, None] + places
    if ahead.shape[-1]:
        ahead = ops.reshape(ahead, (-1, number, config.segment * ahead.shape[-1]))
        x = x + layers.Dense(config.units, name="ahead")(ahead)
    x = ops.reshape(x, (-1, 1, config.units))
    x, *_ = recurrent(x, initial_state=[ops.repeat(state, number, axis=0) for state in states])
    x = layers.Dropout(config.dropout)(x)
    x = _quantiles(config, config.segment)(x)
    return ops.reshape(x, (-1, shape.horizon, len(LEVELS)))


def _attention(config, shape, x, ahead, rows, which):
    """A recurrent layer over the past, and one over the steps to come that looks back at its outputs."""
    options = {"cell": config.cell, "dropout": config.dropout, "return_state": True}
    past, *states = RecurrentStack(config.units, config.depth, name="recurrent", **options)(x)
    places = layers.Embedding(shape.horizon, config.units, name="places")(_counted(rows, shape.horizon))
    x = layers.Dense(config.units, name="which")(which)[:, None] + places
    if ahead.shape[-1]:
        x = x + layers.Dense(config.units, name="ahead")(ahead)
    x, *_ = RecurrentStack(config.units, config.depth, name="decoder", **options)(
        x, initial_state=states
    )
    x = layers.concatenate([x, layers.Attention(use_scale=True, name="attention")([x, past])])
    x = layers.Dropout(config.dropout)(x)
    return _quantiles(config, 1)(x)


def _autoregressive(config, shape):
    """A recurrent layer over the steps, and from its output at each the distribution of the next value
    (Salinas et al. 2020, "DeepAR"). The layer `next_step` goes on from drawn values, and streams.
    """
    steps = shape.context + shape.horizon - 1
    width = number_of_features(shape.targets, shape.past, shape.calendar, shape.static)
    inputs = keras.Input((steps, shape.targets, width), name="x")
    one = keras.Input((None, width))
    y = RecurrentStack(
        config.units, config.depth, config.cell, dropout=config.dropout, name="recurrent"
    )(one)
    y = layers.Dropout(config.dropout)(y)
    y = layers.Dense(DISTRIBUTIONS[config.distribution].outputs, name="distribution")(y)
    next_step = keras.Model(one, y, name="next_step")

    x = ops.reshape(ops.transpose(inputs, (0, 2, 1, 3)), (-1, steps, width))
    y = around_last(config, next_step(x), x, ops)
    y = ops.reshape(y, (-1, shape.targets, steps, y.shape[-1]))
    return keras.Model({"x": inputs}, ops.transpose(y, (0, 2, 1, 3)), name="forecasting")


def _quantiles(config, steps):
    """The last layer; beside a linear forecast the recurrent layers add nothing at first."""
    start = "zeros" if config.linear else "glorot_uniform"
    return layers.Dense(steps * len(LEVELS), kernel_initializer=start, name="quantiles")


def _linear(config, shape, x, ahead):
    """What ridge regression makes of window and calendar (`rnnapps.forecasting.linear` solves it)."""
    flat = [layers.Flatten()(part) for part in (x, ahead) if part.shape[-1]]
    flat = layers.concatenate(flat) if len(flat) > 1 else flat[0]
    return layers.Dense(shape.horizon, trainable=False, name="linear")(flat)[..., None]


def _each_target(x):
    """`(batch, time, targets)` to `(batch * targets, time, 1)`."""
    return ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, x.shape[1], 1))


def _level(kind, values, real):
    """What a window is freed from, and what it is divided by, each `(rows, 1, 1)`."""
    one = ops.ones_like(values[:, :1])
    if kind == "none":
        return 0 * one, one
    if kind == "last":
        places = ops.reshape(ops.arange(1, values.shape[1] + 1, dtype=real.dtype), (1, -1, 1))
        last = ops.argmax(real * places, axis=1, keepdims=True)
        return ops.take_along_axis(values, last, axis=1), one
    number = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1)
    mean = ops.sum(values * real, axis=1, keepdims=True) / number
    square = ops.sum(ops.square(values - mean) * real, axis=1, keepdims=True) / number
    return mean, ops.sqrt(square + 1e-5)


def _which(config, shape, rows, series):
    """A vector for each row: the series, zeros for an unknown one, and the target."""
    width = max(4, config.units // 4)
    x = layers.Embedding(shape.series + 1, width, name="series_embedding")(rows)
    x = x * ops.cast(rows > 0, x.dtype)[:, None]
    x = layers.Dropout(config.series_dropout, noise_shape=(None, 1))(x)
    targets = ops.reshape(_counted(series, shape.targets), (-1,))
    return layers.concatenate(
        [x, layers.Embedding(shape.targets, width, name="target_embedding")(targets)]
    )


def _counted(rows, number):
    """0, 1, ... for each row, int32 `(rows, number)`."""
    return 0 * rows[:, None] + ops.arange(number, dtype="int32")
