"""Ink as steps of the pen, and back."""

import numpy as np
import pytest

from rnnapps.handwriting.writing.offsets import LARGEST, SPACING, to_offsets, to_points


def waves(points=1600, strokes=4):
    """A level line of four strokes, as tablets give it: many points near each other."""
    x = np.linspace(0, 60, points)
    lifts = (np.arange(points) + 1) % (points // strokes) == 0
    return np.stack([x, np.sin(2 * np.pi * x / 3), lifts], axis=1).astype("float32")


def test_points_come_back_thinner():
    points = waves()
    offsets = to_offsets(points)
    assert offsets.dtype == "float32" and len(offsets) < len(points) / 2
    assert offsets[0].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(offsets[-1, 2], 1)
    found = to_points(offsets)
    assert found[:, 2].sum() == points[:, 2].sum() == 4
    height = points[:, 1].std()
    original = (points[:, :2] - points[0, :2]) / height
    for place in found[:, :2]:  # each is a point of the ink
        assert np.abs(original - place).sum(axis=1).min() < 0.2  # but for what makes it level
    within = np.hypot(*offsets[1:, :2].T)[(offsets[1:, 2] == 0) & (offsets[:-1, 2] == 0)]
    assert within.min() >= 1 and within.max() < 2


def test_tablets_and_slopes_make_no_difference():
    points = waves()
    other = points * [128, 128, 1] + [500, -20, 0]
    np.testing.assert_allclose(to_offsets(other.astype("float32")), to_offsets(points), atol=0.02)
    sloping = points.copy()
    sloping[:, 1] += 0.1 * points[:, 0]
    assert np.abs(to_points(to_offsets(sloping))[:, 1]).max() < 2.5  # that of the slope is 6


def test_the_unit_is_a_share_of_the_height():
    offsets = to_offsets(np.array([[0, 0, 0], [0, 2, 1], [1, 0, 0], [1, 2, 1]], "float32"))
    np.testing.assert_allclose(np.abs(offsets[1, 1]), 2 / SPACING, rtol=1e-5)


@pytest.mark.parametrize(
    "points",
    [
        [[3, 3, 1]],
        [[3, 3, 0], [3, 3, 1]],
        [[0, 5, 0], [1, 5, 0], [9, 5, 1]],
        [[5, 0, 0], [5, 9, 1]],
    ],
    ids=["dot", "point twice", "dash", "bar"],
)
def test_little_ink(points):
    offsets = to_offsets(np.array(points, "float32"))
    assert np.isfinite(offsets).all() and offsets[-1, 2] == 1 and offsets[:-1, 2].sum() == 0


def test_a_pen_that_lost_its_place_is_cut():
    points = waves()
    points[200:, 0] += 1e6
    assert np.abs(to_offsets(points)).max() <= LARGEST


def test_the_points_are_left_as_they_are():
    points = waves()
    before = points.copy()
    to_offsets(points)
    np.testing.assert_array_equal(points, before)
