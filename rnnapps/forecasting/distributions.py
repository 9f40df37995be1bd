"""What the next value of a series may be, as a probability distribution.

A network answers with a few numbers for each value, its outputs; here stands what they mean. All values
are standardised; counts are divided by the scale of their series instead, of which the outputs have the
logarithm.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from rnnapps.forecasting.config import ModelConfig

SMALLEST = 1e-4  # of a scale, so that no likelihood is infinite
HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


class Distribution(NamedTuple):
    """How likely a value is by the outputs of a network, its quantiles, and draws of it."""

    outputs: int
    """numbers that the network gives for each value"""
    loss: Callable[[Any, Any], Any]
    """negative log likelihood of values `(...)` by outputs `(..., outputs)`, tensors of Keras"""
    quantiles: Callable[[np.ndarray, Sequence[float]], np.ndarray]
    """of outputs `(..., outputs)` at levels: `(..., levels)`"""
    draw: Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
    """one value for each of the outputs `(rows, outputs)`, from draws of a standard normal distribution
    `(rows,)` and whatever else it takes of a generator: `(rows,)`"""


def around_last(config: ModelConfig, outputs: Any, x: Any, library: Any) -> Any:
    """The outputs of a distribution around the last known value, if they are normalised by it; counts,
    which are not, get the scale of their series.

    Args:
        config: of the network.
        outputs: of its last layer, `(..., outputs)`.
        x: its features (`rnnapps.forecasting.next_steps.features`).
        library: numpy or keras.ops, whichever the arrays are of.
    """
    if config.distribution == "negative_binomial":
        return library.concatenate([outputs, x[..., 2:3]], axis=-1)
    if config.normalise == "none":
        return outputs
    return library.concatenate([outputs[..., :1] + x[..., :1], outputs[..., 1:]], axis=-1)


def _gaussian_loss(y, outputs):
    scale = ops.softplus(outputs[..., 1]) + SMALLEST
    return ops.log(scale) + 0.5 * ops.square((y - outputs[..., 0]) / scale) + HALF_LOG_2_PI


def _gaussian_quantiles(outputs, levels):
    from scipy.special import ndtri

    return outputs[..., :1] + (_softplus(outputs[..., 1:2]) + SMALLEST) * ndtri(levels)


def _gaussian_draw(outputs, normals, random):
    return outputs[..., 0] + (_softplus(outputs[..., 1]) + SMALLEST) * normals


def _student_t_loss(y, outputs):
    scale, freedom = ops.softplus(outputs[..., 1]) + SMALLEST, 2 + ops.softplus(outputs[..., 2])
    half = (freedom + 1) / 2
    square = ops.square((y - outputs[..., 0]) / scale)
    constant = _log_gamma(freedom / 2) - _log_gamma(half) + 0.5 * ops.log(math.pi * freedom)
    return constant + ops.log(scale) + half * ops.log1p(square / freedom)


def _student_t_quantiles(outputs, levels):
    from scipy.special import stdtrit

    scale, freedom = _softplus(outputs[..., 1:2]) + SMALLEST, 2 + _softplus(outputs[..., 2:3])
    return outputs[..., :1] + scale * stdtrit(freedom, np.asarray(levels))


def _student_t_draw(outputs, normals, random):
    scale, freedom = _softplus(outputs[..., 1]) + SMALLEST, 2 + _softplus(outputs[..., 2])
    return outputs[..., 0] + scale * normals / np.sqrt(random.chisquare(freedom) / freedom)


def _counts(outputs, softplus, exp):
    """Mean and dispersion of a count, and the scale of its series; the variance is mean + dispersion
    mean^2 (Salinas et al. 2020, "DeepAR").
    """
    scale = exp(outputs[..., 2])
    return (softplus(outputs[..., 0]) + SMALLEST) * scale, softplus(outputs[..., 1]) + SMALLEST, scale


def _negative_binomial_loss(y, outputs):
    mean, dispersion, scale = _counts(outputs, ops.softplus, ops.exp)
    count, ratio = ops.round(y * scale), dispersion * mean
    inverse = 1 / dispersion
    constant = _log_gamma(count + 1) + _log_gamma(inverse) - _log_gamma(count + inverse)
    return constant + (inverse + count) * ops.log1p(ratio) - count * ops.log(ratio)


def _negative_binomial_quantiles(outputs, levels):
    from scipy.stats import nbinom

    mean, dispersion, scale = (part[..., None] for part in _counts(outputs, _softplus, np.exp))
    return nbinom.ppf(levels, 1 / dispersion, 1 / (1 + dispersion * mean)) / scale


def _negative_binomial_draw(outputs, normals, random):
    mean, dispersion, scale = _counts(outputs, _softplus, np.exp)
    rates = random.standard_gamma(1 / dispersion) * dispersion * mean
    return random.poisson(np.minimum(rates, 1e9)) / scale  # beyond it no Poisson is drawn


def _softplus(x):
    return np.logaddexp(0, x)


def _log_gamma(x):
    """The logarithm of the gamma function of positive numbers, by Stirling's series from 7 on."""
    shifted = x + 7
    # In two products: one of seven numbers of a million is too large for float32.
    products = x * (x + 1) * (x + 2) * (x + 3), (x + 4) * (x + 5) * (x + 6)
    series = (1 - (1 / 30 - 1 / (105 * ops.square(shifted))) / ops.square(shifted)) / (12 * shifted)
    large = (shifted - 0.5) * ops.log(shifted) - shifted + HALF_LOG_2_PI + series
    return large - ops.log(products[0]) - ops.log(products[1])


DISTRIBUTIONS = {
    "gaussian": Distribution(2, _gaussian_loss, _gaussian_quantiles, _gaussian_draw),
    "student_t": Distribution(3, _student_t_loss, _student_t_quantiles, _student_t_draw),
    "negative_binomial": Distribution(
        2, _negative_binomial_loss, _negative_binomial_quantiles, _negative_binomial_draw
    ),
}
