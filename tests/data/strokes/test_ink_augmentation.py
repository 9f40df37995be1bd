"""Other versions of a line of ink."""

from dataclasses import replace

import numpy as np
import pytest
from written_ink import written

from rnnapps.data.lines.augmentation_config import LineAugmentationConfig
from rnnapps.data.strokes.augmentation import InkAugmentation
from rnnapps.data.strokes.features import letter_height
from rnnapps.data.strokes.points import to_points
from rnnapps.errors import UsageError

NOTHING = LineAugmentationConfig(slant=0, skew=0, stretch=0, pace=0, stroke_noise=0, drop_points=0)


@pytest.fixture(scope="module")
def ink():
    return written()


def versions(ink, count=40, **options):
    augmentation = InkAugmentation(replace(NOTHING, **options))
    random = np.random.default_rng(1)
    return [augmentation(ink, random) for _ in range(count)]


def x_of_y(ink, other):
    """How x and y of another version follow from those of the ink: a matrix `(2, 2)`, and the rest."""
    design = np.column_stack([ink[:, :2], np.ones(len(ink))])
    solution, *_ = np.linalg.lstsq(design, other[:, :2].astype("float64"), rcond=None)
    return solution[:2].T, np.abs(design @ solution - other[:, :2]).max()


def test_nothing_of_everything_is_the_identity(ink):
    (same,) = versions(ink, 1)
    assert same.dtype == np.float32
    np.testing.assert_allclose(same, ink, rtol=1e-5)


def test_a_seed_gives_the_same_version_and_leaves_the_ink_as_it_was(ink):
    before = ink.copy()
    augmentation = InkAugmentation(LineAugmentationConfig())
    first, second = (augmentation(ink, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(ink, before)
    other = augmentation(ink, np.random.default_rng(4))
    assert len(other) != len(first) or not np.allclose(other, first)


@pytest.mark.parametrize(
    ("options", "measure", "limit"),
    [
        ({"slant": 0.3}, lambda matrix: matrix[0, 1], 0.3),
        ({"stretch": 0.2}, lambda matrix: matrix[0, 0] - 1, 0.2),
        ({"skew": 3.0}, lambda matrix: np.rad2deg(np.arctan2(matrix[1, 0], matrix[0, 0])), 3.0),
    ],
)
def test_changes_of_the_whole_line(ink, options, measure, limit):
    measured = []
    for other in versions(ink, **options):
        matrix, rest = x_of_y(ink, other)
        assert rest < 1e-2
        np.testing.assert_array_equal(other[:, 2], ink[:, 2])
        measured.append(measure(matrix))
    assert np.abs(measured).max() <= limit + 1e-4
    assert min(measured) < -0.7 * limit
    assert max(measured) > 0.7 * limit


def test_pace_widens_letters_here_and_narrows_them_there(ink):
    order = np.argsort(ink[:, 0], kind="stable")
    shares = []
    for other in versions(ink, pace=0.15):
        np.testing.assert_allclose(other[:, 1:], ink[:, 1:], rtol=1e-5)
        before, after = np.diff(ink[order, 0]), np.diff(other[order, 0])
        wide = before > 0.5
        shares.append(after[wide] / before[wide])
        assert (after > -1e-3).all()  # what was further right still is
    shares = np.concatenate(shares)
    assert 0.849 < shares.min() < 0.9
    assert 1.1 < shares.max() < 1.151
    assert max(np.ptp(some) for some in np.split(shares, 40)) > 0.15  # within a line


def test_noise_is_smooth_along_strokes(ink):
    unit = letter_height(ink)
    moved = np.stack([other - ink for other in versions(ink, stroke_noise=0.1)]) / unit
    assert not moved[..., 2].any()
    assert 0.07 < moved[..., :2].std() < 0.11
    within = ink[:-1, 2] == 0
    assert np.diff(moved[..., :2], axis=1)[:, within].std() < 0.5 * moved[..., :2].std()
    assert abs(np.corrcoef(moved[..., 0].ravel(), moved[..., 1].ravel())[0, 1]) < 0.2


def test_points_are_left_out_but_no_ends_of_strokes(ink):
    strokes = np.split(ink, np.flatnonzero(ink[:-1, 2]) + 1)
    ends = {tuple(stroke[place]) for stroke in strokes for place in (0, -1)}
    kept = []
    for other in versions(ink, drop_points=0.4):
        rows = set(map(tuple, np.round(other, 3).tolist()))
        assert len(other) <= len(ink)
        assert {tuple(np.round(end, 3).tolist()) for end in ends} <= rows
        kept.append(len(other) / len(ink))
    assert max(kept) > 0.95
    assert 0.55 < min(kept) < 0.75


@pytest.mark.parametrize("strokes", [[[[5, 5]]], [[[0, 0], [7, 0]]], [[[-1e7, 0], [1e7, 1e-6]] * 2000]])
def test_ink_of_odd_shape(strokes):
    ink = to_points([np.array(stroke) for stroke in strokes], "ink")
    with np.errstate(all="raise"):
        changed = InkAugmentation(LineAugmentationConfig())(ink, np.random.default_rng(0))
    assert np.isfinite(changed).all()
    assert 1 <= len(changed) <= len(ink)
    assert changed[-1, 2] == 1


@pytest.mark.parametrize("field", ["slant", "skew", "stretch", "pace", "stroke_noise", "drop_points"])
def test_wrong_values_are_refused(field):
    for value in (-0.1, 50, float("nan")):
        with pytest.raises(UsageError, match=f"--{field.replace('_', '-')} must be 0 to"):
            LineAugmentationConfig(**{field: value})
