"""The loss of connectionist temporal classification."""

from itertools import groupby, product

import keras
import numpy as np
import pytest
from keras import ops

from rnnapps.layers import BlankPadding
from rnnapps.training.ctc_loss import CTCLoss


def logits(batch, time, classes, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, time, classes)).astype("float32")


def by_all_paths(target, frames):
    """-log of the sum over all paths that give a target."""
    shares = np.exp(frames - np.log(np.exp(frames).sum(axis=1, keepdims=True)))
    total = 0.0
    for path in product(range(frames.shape[1]), repeat=len(frames)):
        if [token for token, _ in groupby(path) if token] == [token for token in target if token]:
            total += np.prod(shares[np.arange(len(path)), path])
    return -np.log(total)


def test_the_sum_over_all_paths():
    frames = logits(5, 5, 3)
    targets = np.array([[1, 2, 0], [1, 1, 0], [0, 0, 0], [2, 1, 2], [2, 2, 1]], "int32")
    losses = ops.convert_to_numpy(CTCLoss().call(targets, frames))
    expected = [by_all_paths(*pair) for pair in zip(targets, frames, strict=True)]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere it is Keras's own")
def test_value_and_gradient_are_those_of_keras():
    import tensorflow as tf

    frames = tf.constant(logits(4, 40, 12))
    targets = np.random.default_rng(1).integers(1, 12, (4, 18)).astype("int32")
    targets[0, 7:] = 0
    targets[1] = 0
    targets[2, :6] = 5
    weights = tf.constant([1.0, 2.0, 0.5, 0.0])
    found = []
    for loss in (CTCLoss().call, keras.losses.ctc):
        with tf.GradientTape() as tape:
            tape.watch(frames)
            losses = loss(targets, frames)
            total = tf.reduce_sum(weights * losses)
        found.append((losses.numpy(), tape.gradient(total, frames).numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=2e-5)


def test_a_batch_without_targets():
    frames = logits(2, 5, 3)
    losses = CTCLoss().call(np.zeros((2, 0), "int32"), frames)
    np.testing.assert_allclose(losses, [by_all_paths([0], one) for one in frames], rtol=1e-5)


def test_padding_changes_nothing():
    frames, targets = logits(2, 6, 4), np.array([[1, 2, 2], [3, 0, 0]], "int32")
    longer = np.pad(frames, ((0, 0), (0, 7), (0, 0)), constant_values=3.0)
    real = np.tile(np.arange(13) < 6, (2, 1))
    alone = CTCLoss().call(targets, frames)
    padded = CTCLoss().call(np.pad(targets, ((0, 0), (0, 5))), BlankPadding()(longer, real))
    np.testing.assert_allclose(alone, padded, rtol=1e-6)


def test_a_target_that_does_not_fit_is_very_unlikely_and_no_nan():
    frames, targets = logits(1, 3, 4), np.array([[1, 2, 3, 1]], "int32")
    padded = BlankPadding()(np.pad(frames, ((0, 0), (0, 5), (0, 0))), np.arange(8)[None] < 3)
    loss = float(CTCLoss().call(targets, padded)[0])
    assert 9_000 < loss < 1e6


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(precision):
    frames, targets = ops.cast(logits(2, 30, 5), precision), np.array([[1, 2], [3, 0]], "int32")
    losses = CTCLoss().call(targets, frames)
    assert keras.backend.standardize_dtype(losses.dtype) == "float32"
    np.testing.assert_allclose(losses, CTCLoss().call(targets, ops.cast(frames, "float32")))
