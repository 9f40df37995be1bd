import keras
import numpy as np
import pytest

from rnnapps.layers import AttentionPooling

STATES = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]], bool)


@pytest.fixture
def layer():
    keras.utils.set_random_seed(1)
    layer = AttentionPooling(6)
    layer.build(STATES.shape)
    return layer


def by_hand(layer, states):
    """The equations of the docstring, for one row without padding."""
    projection, bias, query = layer.get_weights()
    scores = np.tanh(states @ projection + bias) @ query
    weights = np.exp(scores) / np.exp(scores).sum()
    return (weights * states).sum(axis=0), weights[:, 0]


def test_equations_and_mask(layer):
    pooled, weights = (np.array(output) for output in layer(STATES, mask=MASK))
    for row, mask in enumerate(MASK):
        expected, shares = by_hand(layer, STATES[row, mask])
        np.testing.assert_allclose(pooled[row], expected, rtol=1e-5)
        np.testing.assert_allclose(weights[row, mask], shares, rtol=1e-5)
        assert (weights[row, ~mask] == 0).all()


def test_wholly_masked_row_is_zero(layer):
    pooled, weights = layer(STATES, mask=np.zeros((3, 5), bool))
    assert not np.array(pooled).any()
    assert not np.array(weights).any()


def test_without_mask(layer):
    pooled, weights = layer(STATES)
    np.testing.assert_allclose(np.array(weights).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.array(pooled)[0], by_hand(layer, STATES[0])[0], rtol=1e-5)


def test_padding_does_not_change_the_result(layer):
    longer = np.concatenate([STATES, np.full((3, 7, 4), 9, "float32")], axis=1)
    mask = np.concatenate([MASK, np.zeros((3, 7), bool)], axis=1)
    for ours, theirs in zip(layer(STATES, mask=MASK), layer(longer, mask=mask), strict=True):
        ours, theirs = np.array(ours), np.array(theirs)
        np.testing.assert_allclose(ours, theirs[tuple(map(slice, ours.shape))], rtol=1e-6, atol=1e-7)


def test_config_round_trip_and_symbolic_shapes(layer):
    copy = AttentionPooling.from_config(layer.get_config())
    assert copy.units == 6
    pooled, weights = copy(keras.Input((None, 4)))
    assert (pooled.shape, weights.shape) == ((None, 4), (None, None))


def test_half_precision_keeps_its_softmax_in_float32():
    layer = AttentionPooling(6, dtype="mixed_float16")
    pooled, weights = layer(STATES.astype("float16"), mask=MASK)
    assert (keras.backend.standardize_dtype(pooled.dtype), weights.dtype.name) == ("float16", "float32")
    np.testing.assert_allclose(np.array(weights).sum(axis=1), 1, rtol=1e-3)
