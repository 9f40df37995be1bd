"""The density of the pen's next step is SciPy's, and so are its draws."""

import numpy as np
import pytest
import scipy.stats as stats
from keras import ops

from rnnapps.handwriting.writing.density import (
    SMALLEST,
    STRONGEST,
    draw,
    negative_log_likelihood,
    outputs_of,
)
from rnnapps.handwriting.writing.loss import WriterLoss

COMPONENTS = 3
RNG = np.random.default_rng(0)
OUTPUTS = RNG.normal(size=(5, outputs_of(COMPONENTS))).astype("float32")
STEPS = np.concatenate([RNG.normal(size=(5, 2)), RNG.integers(0, 2, (5, 1))], axis=1).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def mixture(outputs, bias=0.0):
    """Weights, and Gaussians of SciPy, of one row of outputs."""
    *parts, _ = np.split(outputs.astype("float64"), np.arange(1, 7) * COMPONENTS)
    weights, mean_x, mean_y, deviation_x, deviation_y, correlation = parts
    weights = np.exp(weights * (1 + bias))
    gaussians = []
    for place in range(COMPONENTS):
        deviations = np.exp([deviation_x[place] - bias, deviation_y[place] - bias]) + SMALLEST
        matrix = np.eye(2) + STRONGEST * np.tanh(correlation[place]) * (1 - np.eye(2))
        covariance = matrix * np.outer(deviations, deviations)
        gaussians.append(stats.multivariate_normal([mean_x[place], mean_y[place]], covariance))
    return weights / weights.sum(), gaussians


def test_the_likelihood_is_that_of_scipy():
    found = array(negative_log_likelihood(ops.convert_to_tensor(STEPS), ops.convert_to_tensor(OUTPUTS)))
    for step, outputs, one in zip(STEPS, OUTPUTS, found, strict=True):
        weights, gaussians = mixture(outputs)
        of_step = sum(w * g.pdf(step[:2]) for w, g in zip(weights, gaussians, strict=True))
        of_lift = stats.bernoulli(1 / (1 + np.exp(-outputs[-1]))).pmf(step[2])
        np.testing.assert_allclose(one, -np.log(of_step) - np.log(of_lift), rtol=1e-4)


@pytest.mark.parametrize("size", [1, 30, 80])
def test_likelihood_and_gradient_are_finite(size):
    """However sure the network is, and however wrong."""
    import tensorflow as tf

    steps = np.array([[0, 0, 0], [40, -40, 1], [-40, 40, 0]], "float32")
    signs = np.sign(RNG.normal(size=(3, outputs_of(COMPONENTS)))).astype("float32")
    outputs = tf.constant(size * signs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        loss = negative_log_likelihood(tf.constant(steps), outputs)
    gradient = tape.gradient(loss, outputs).numpy()
    assert np.isfinite(loss.numpy()).all() and np.isfinite(gradient).all() and np.abs(gradient).max() > 0


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_draws_have_the_moments_of_the_mixture(bias):
    number, outputs = 40_000, OUTPUTS[:1]
    rng = np.random.default_rng(1)
    randoms = np.concatenate([rng.random((number, 2)), rng.normal(size=(number, 2))], axis=1)
    drawn = array(
        draw(
            ops.convert_to_tensor(np.repeat(outputs, number, axis=0)),
            ops.convert_to_tensor(randoms.astype("float32")),
            bias,
        )
    )
    weights, gaussians = mixture(outputs[0], bias)
    mean = sum(w * g.mean for w, g in zip(weights, gaussians, strict=True))
    second = sum(w * (g.cov + np.outer(g.mean, g.mean)) for w, g in zip(weights, gaussians, strict=True))
    covariance = second - np.outer(mean, mean)
    np.testing.assert_allclose(drawn[:, :2].mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(drawn[:, :2].T), covariance, rtol=0.05, atol=0.03)
    assert set(np.unique(drawn[:, 2])) == {0, 1}
    np.testing.assert_allclose(drawn[:, 2].mean(), 1 / (1 + np.exp(-outputs[0, -1])), atol=0.01)


def test_a_random_number_of_one_draws_from_a_component():
    randoms = np.array([[1.0, 0.5, 0, 0]], "float32")
    drawn = array(draw(ops.convert_to_tensor(OUTPUTS[:1]), ops.convert_to_tensor(randoms)))
    # The last: its mean, as the normal numbers are 0.
    np.testing.assert_allclose(drawn[0, :2], OUTPUTS[0, [2 * COMPONENTS - 1, 3 * COMPONENTS - 1]])


def test_padding_has_no_loss():
    loss, weights = WriterLoss(), np.array([[1, 1, 1, 0, 0]], "float32")
    steps, outputs = STEPS[None].copy(), OUTPUTS[None]
    before = float(loss(steps, outputs, sample_weight=weights))
    right = array(negative_log_likelihood(*map(ops.convert_to_tensor, (STEPS[:3], OUTPUTS[:3])))).mean()
    assert before == pytest.approx(right, rel=1e-5)
    steps[0, 3:] = 30
    assert float(loss(steps, outputs, sample_weight=weights)) == before
