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
    """one value for each of the outputs `(rows, outputs)`, below which lies a share `(rows,)` of all,
    or, of counts, from a generator: `(rows,)`"""


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

    return outputs[..., :1] + (softplus(outputs[..., 1:2]) + SMALLEST) * ndtri(levels)


def _gaussian_draw(outputs, shares, random):
    return _gaussian_quantiles(outputs, shares[:, None])[:, 0]


def student_t(outputs: Any, softplus: Callable[[Any], Any]) -> tuple[Any, Any, Any]:
    """Location, scale and degrees of freedom by the outputs of a network `(..., 3)`: more than two, so
    that there is a variance. `softplus` is that of the library that the outputs are of.
    """
    return outputs[..., 0], softplus(outputs[..., 1]) + SMALLEST, 2 + softplus(outputs[..., 2])


def _student_t_loss(y, outputs):
    location, scale, freedom = student_t(outputs, ops.softplus)
    half = (freedom + 1) / 2
    square = ops.square((y - location) / scale)
    constant = _log_gamma(freedom / 2) - _log_gamma(half) + 0.5 * ops.log(math.pi * freedom)
    return constant + ops.log(scale) + half * ops.log1p(square / freedom)


def _student_t_quantiles(outputs, levels):
    from scipy.special import stdtrit

    location, scale, freedom = (part[..., None] for part in student_t(outputs, softplus))
    return location + scale * stdtrit(freedom, np.asarray(levels))


def _student_t_draw(outputs, shares, random):
    return _student_t_quantiles(outputs, shares[:, None])[:, 0]


def _counts(outputs, softplus, exp):
    """Mean and dispersion of a count, and the scale of its series; the variance is mean + dispersion
    mean^2 (Salinas et al. 2020, "DeepAR").
    """
    scale = exp(outputs[..., 2])
    return (softplus(outputs[..., 0]) + SMALLEST) * scale, softplus(outputs[..., 1]) + SMALLEST, scale


def _negative_binomial_loss(y, outputs):
    """What is large in the logarithms of the gamma functions cancels on paper: in float32 it would be
    off by nats for counts of a million.
    """
    mean, dispersion, scale = _counts(outputs, ops.softplus, ops.exp)
    inverse, count = 1 / dispersion, ops.round(y * scale)
    both, next_count = count + inverse, count + 1
    large = count * ops.log1p((next_count - mean) / mean) + both * ops.log1p((mean - count) / both)
    roots = 0.5 * (ops.log(next_count) + ops.log(both) - ops.log(inverse))
    rests = _rest_of_log_gamma(next_count) + _rest_of_log_gamma(inverse) - _rest_of_log_gamma(both)
    return large + roots + rests - 1 + HALF_LOG_2_PI


def _negative_binomial_quantiles(outputs, levels):
    from scipy.stats import nbinom

    mean, dispersion, scale = (part[..., None] for part in _counts(outputs, softplus, np.exp))
    return nbinom.ppf(levels, 1 / dispersion, 1 / (1 + dispersion * mean)) / scale


def _negative_binomial_draw(outputs, shares, random):
    mean, dispersion, scale = _counts(outputs, softplus, np.exp)
    rates = random.standard_gamma(1 / dispersion) * dispersion * mean
    return random.poisson(np.minimum(rates, 1e9)) / scale  # beyond it no Poisson is drawn


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + e^x), of NumPy's arrays."""
    return np.logaddexp(0, x)


def _rest_of_log_gamma(x):
    """The logarithm of the gamma function of positive numbers less (x - 1/2) log x - x + log(2 pi) / 2:
    Stirling's series for large ones.
    """
    small = ops.minimum(x, 8)
    of_small = _log_gamma(small) - (small - 0.5) * ops.log(small) + small - HALF_LOG_2_PI
    return ops.where(x < 8, of_small, _stirling(ops.maximum(x, 8)))


def _log_gamma(x):
    """The logarithm of the gamma function of positive numbers, by Stirling's series from 7 on."""
    shifted = x + 7
    # In two products: one of seven numbers of a million is too large for float32.
    products = x * (x + 1) * (x + 2) * (x + 3), (x + 4) * (x + 5) * (x + 6)
    large = (shifted - 0.5) * ops.log(shifted) - shifted + HALF_LOG_2_PI + _stirling(shifted)
    return large - ops.log(products[0]) - ops.log(products[1])


def _stirling(x):
    return (1 - (1 / 30 - 1 / (105 * ops.square(x))) / ops.square(x)) / (12 * x)


DISTRIBUTIONS = {
    "gaussian": Distribution(2, _gaussian_loss, _gaussian_quantiles, _gaussian_draw),
    "student_t": Distribution(3, _student_t_loss, _student_t_quantiles, _student_t_draw),
    "negative_binomial": Distribution(
        2, _negative_binomial_loss, _negative_binomial_quantiles, _negative_binomial_draw
    ),
}
