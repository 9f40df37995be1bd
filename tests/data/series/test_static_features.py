"""Static columns become numbers."""

import numpy as np
import pytest

from rnnapps.data.series.static_features import StaticFeatures

SERIES = [("north", "100"), ("south", "300"), ("", "")]


def test_categories_and_numbers():
    static = StaticFeatures.of(SERIES)
    np.testing.assert_allclose(static.features(SERIES), [[1, 0, -1], [0, 1, 1], [0, 0, 0]])
    unknown = [("east", "200"), ("south", "here")]
    np.testing.assert_allclose(static.features(unknown), [[0, 0, 0], [0, 1, 0]])
    assert StaticFeatures.from_list(static.to_list()) == static


def test_no_columns():
    static = StaticFeatures.of([(), ()])
    assert static.features([(), ()]).shape == (2, 0) and static.to_list() == []


def test_numbers_that_are_missing_or_equal():
    """A bundle has finite sizes whatever the table, and what is constant says nothing."""
    static = StaticFeatures.of([("5", "0.1"), ("NA", "0.1"), ("7", "0.1")])
    assert StaticFeatures.from_list(static.to_list()) == static
    features = static.features([("5", "0.1"), ("NA", "0.2")])
    np.testing.assert_allclose(features, [[-1, 0], [0, 0.1]], atol=1e-6)


def test_one_number_and_nothing():
    static = StaticFeatures.of([("5", ""), ("5", "")])
    np.testing.assert_allclose(static.features([("5", "x")]), [[0, 0]])


@pytest.mark.parametrize(
    "wrong", [[{"mean": 0}], [{"categories": [], "mean": float("nan"), "scale": 1}], [5]]
)
def test_what_is_none(wrong):
    with pytest.raises((ValueError, KeyError, TypeError)):
        StaticFeatures.from_list(wrong)
