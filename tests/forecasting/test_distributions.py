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


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_follow_the_quantiles(name, outputs):
    random = np.random.default_rng(0)
    normals = random.normal(size=(4000, 6))
    drawn = np.stack([DISTRIBUTIONS[name].draw(outputs, some, random) for some in normals])
    quantiles = DISTRIBUTIONS[name].quantiles(outputs, (0.25, 0.75))
    share = (
        (drawn[..., None] < quantiles).mean(axis=0) + (drawn[..., None] <= quantiles).mean(axis=0)
    ) / 2
    if name == "negative_binomial":  # of which many are equal
        assert (share <= [0.35, 0.85]).all() or (quantiles == 0).any()
    else:
        np.testing.assert_allclose(share, np.broadcast_to([0.25, 0.75], share.shape), atol=0.03)


def test_what_is_not_known_has_no_likelihood(outputs):
    loss = LikelihoodLoss("student_t")
    known = np.array([1, 1, 0, 1, 1, 1.0])
    truth = np.zeros(6, "float32")
    before = float(loss(truth, outputs, sample_weight=known))
    truth[2] = 1000
    assert float(loss(truth, outputs, sample_weight=known)) == before
