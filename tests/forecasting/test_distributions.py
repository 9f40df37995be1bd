"""The distributions are those of SciPy."""

import numpy as np
import pytest
import scipy.stats as stats
from keras import ops

from rnnapps.forecasting.config import LEVELS
from rnnapps.forecasting.distributions import DISTRIBUTIONS
from rnnapps.forecasting.likelihood_loss import LikelihoodLoss


def softplus(x):
    return np.logaddexp(0, x) + (1e-4)


@pytest.fixture
def outputs():
    return np.random.default_rng(0).normal(size=(6, 3)).astype("float32")


def of_scipy(name, outputs):
    """The same distributions, of values standardised (counts: of counts)."""
    first, second, third = outputs.T
    if name == "gaussian":
        return stats.norm(first, softplus(second))
    if name == "student_t":
        return stats.t(2 + np.logaddexp(0, third), first, softplus(second))
    mean, dispersion = softplus(first) * np.exp(third), softplus(second)
    return stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_likelihoods_and_quantiles(name, outputs):
    expected = of_scipy(name, outputs.astype("float64"))
    values = np.array([-2.0, 0.0, 0.5, 1.0, 3.0, 40.0], "float32")
    unit = np.ones(6)
    log = getattr(expected, "logpdf", None)
    if name == "negative_binomial":
        outputs[:, 2] = np.log([1, 3, 30, 30, 1000, 1e4])  # scales
        expected, unit = of_scipy(name, outputs.astype("float64")), np.exp(outputs[:, 2])
        values, log = np.array([0, 5, 7, 90, 2500, 3]) / unit, expected.logpmf
    counted = np.round(values * unit) if name == "negative_binomial" else values
    tensors = (ops.convert_to_tensor(one, "float32") for one in (values, outputs))
    found = DISTRIBUTIONS[name].loss(*tensors)
    np.testing.assert_allclose(ops.convert_to_numpy(found), -log(counted), rtol=2e-3, atol=2e-3)
    quantiles = DISTRIBUTIONS[name].quantiles(outputs, LEVELS) * unit[:, None]
    right = np.stack([expected.ppf(level) for level in LEVELS], axis=-1)
    np.testing.assert_allclose(quantiles, right, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["gaussian", "student_t"])
def test_draws_have_their_share_of_values_below_them(name, outputs):
    shares = np.random.default_rng(0).random(6)
    drawn = DISTRIBUTIONS[name].draw(outputs, shares, None)
    np.testing.assert_allclose(of_scipy(name, outputs.astype("float64")).cdf(drawn), shares, atol=1e-3)


def test_draws_of_counts():
    outputs = np.repeat([[0.5, -1.0, np.log(50)]], 20_000, axis=0).astype("float32")
    expected = of_scipy("negative_binomial", outputs[:1].astype("float64"))
    drawn = 50 * DISTRIBUTIONS["negative_binomial"].draw(outputs, None, np.random.default_rng(0))
    np.testing.assert_allclose(drawn, np.round(drawn), atol=1e-3)
    assert drawn.mean() == pytest.approx(expected.mean(), rel=0.02)
    assert drawn.std() == pytest.approx(expected.std(), rel=0.03)


@pytest.mark.parametrize("mean", [0.01, 3, 1e3, 1e5])
def test_likelihoods_of_small_and_large_counts(mean):
    """As exact as float32 allows: the epoch is chosen by them."""
    count = np.round(np.array([0.5, 0.9, 1, 1.1, 2]) * mean)
    outputs = np.stack([np.zeros(5), np.full(5, -1.5), np.full(5, np.log(mean / np.log(2)))], axis=-1)
    found = DISTRIBUTIONS["negative_binomial"].loss(
        ops.convert_to_tensor(count / np.exp(outputs[:, 2]), "float32"),
        ops.convert_to_tensor(outputs, "float32"),
    )
    right = -of_scipy("negative_binomial", outputs).logpmf(count)
    np.testing.assert_allclose(ops.convert_to_numpy(found), right, rtol=3e-3, atol=3e-3)


def test_what_is_not_known_has_no_likelihood(outputs):
    loss = LikelihoodLoss("student_t")
    known = np.array([1, 1, 0, 1, 1, 1.0])
    truth = np.zeros(6, "float32")
    before = float(loss(truth, outputs, sample_weight=known))
    truth[2] = 1000
    assert float(loss(truth, outputs, sample_weight=known)) == before
