"""What a recognition network reads of ink."""

import time

import numpy as np
import pytest
from written_ink import written

from rnnapps.data.strokes.features import CHANNELS, features, letter_height, step_places
from rnnapps.data.strokes.points import to_points, to_strokes


@pytest.fixture(scope="module")
def ink():
    return written()


def turned(ink, slope):
    """The line, as it is on paper that lies askew."""
    angle = np.arctan(slope)
    other = ink.copy()
    other[:, 0] = ink[:, 0] * np.cos(angle) - ink[:, 1] * np.sin(angle)
    other[:, 1] = ink[:, 0] * np.sin(angle) + ink[:, 1] * np.cos(angle)
    return other


def test_a_line_is_read_the_same_at_any_size_and_place(ink):
    read = features(ink)
    assert read.shape == (len(read), CHANNELS)
    assert read.dtype == np.float32
    assert np.isfinite(read).all()
    np.testing.assert_array_equal(read, features(ink))
    for scale, shift in ((0.01, 0.0), (30.0, -2000.0), (1.0, 512.0)):
        other = ink * np.float32([scale, scale, 1]) + np.float32([shift, shift / 2, 0])
        np.testing.assert_allclose(features(other), read, atol=2e-3)


@pytest.mark.parametrize("slope", [-0.15, 0.1, 0.2])
def test_a_slope_is_taken_away(ink, slope):
    np.testing.assert_allclose(features(turned(ink, slope))[:, 4], features(ink)[:, 4], atol=0.15)


def test_letters_stand_on_the_baseline_and_are_a_unit_high(ink):
    assert letter_height(ink) == pytest.approx(10, rel=0.25)
    height = features(ink)[:, 4] * letter_height(ink) / 10
    places = step_places(ink)
    first_letter = height[places[:, 0] < 9]
    assert first_letter.max() == pytest.approx(0, abs=0.15)
    assert first_letter.min() == pytest.approx(-1, abs=0.15)
    assert height.min() == pytest.approx(-2.2, abs=0.15)  # the top of an l
    assert height.max() == pytest.approx(1.2, abs=0.15)  # the foot of a p


def test_steps_are_of_equal_length_within_strokes(ink):
    read, places = features(ink), step_places(ink)
    assert len(places) == len(read)
    inside = read[1:, 7] == 0
    lengths = np.hypot(*np.diff(places, axis=0).T)[inside] / letter_height(ink)
    assert np.median(lengths) == pytest.approx(0.28, rel=0.05)
    assert lengths.max() < 0.42
    np.testing.assert_allclose(np.hypot(read[1:, 0], read[1:, 1]), 1, atol=1e-5)
    assert len(features(ink, step=0.14)) > 1.7 * len(read)


def test_strokes_begin_and_end_where_the_pen_does(ink):
    read, places = features(ink), step_places(ink)
    strokes = to_strokes(ink)
    assert read[:, 7].sum() == read[:, 8].sum() == len(strokes)
    np.testing.assert_allclose(places[read[:, 7] > 0], [stroke[0] for stroke in strokes], atol=1e-3)
    longer = [number for number, stroke in enumerate(strokes) if len(stroke) > 1]
    ends = places[read[:, 8] > 0][longer]
    np.testing.assert_allclose(ends, [strokes[number][-1] for number in longer], atol=1e-3)
    assert not read[read[:, 7] == 0, 5:7].any()  # a jump only from stroke to stroke
    dot = next(number for number, stroke in enumerate(strokes) if len(stroke) == 1)
    jump = read[np.flatnonzero(read[:, 7])[dot], 6]
    assert -np.expm1(-jump) * letter_height(ink) == pytest.approx(-16, rel=0.01)  # from 100 up to 84


def test_turning_is_left_of_a_circle_and_none_of_a_line():
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    line = np.stack([np.linspace(3, 3.4, 50), np.linspace(0, 1, 50)], axis=1)
    read = features(to_points([circle, line], "ink"))
    stroke = read[:, 7].cumsum()
    inside = (read[:, 7] + read[:, 8]) == 0
    circles, lines = read[inside & (stroke == 1)], read[inside & (stroke == 2)]
    assert len(circles) > 5
    assert (circles[:, 3] > 0.05).all()  # y grows downwards: from x to y
    np.testing.assert_allclose(np.hypot(circles[:, 2], circles[:, 3]), 1, atol=1e-5)
    assert len(lines) >= 1
    np.testing.assert_allclose(lines[:, 2:4], [[1, 0]] * len(lines), atol=1e-5)


@pytest.mark.parametrize(
    ("strokes", "steps"),
    [
        ([[[5, 5]]], range(1, 2)),  # a dot
        ([[[5, 5]] * 4], range(1, 2)),
        ([[[5, 5]], [[5, 5]], [[9, 5]]], range(3, 4)),
        ([[[0, 0], [7, 0]]], range(50, 1000)),  # a dash
        ([[[0, 0], [0, 0], [0, 7], [0, 7]]], range(2, 20)),  # a 1
        ([[[-1e7, 0], [1e7, 1e-6], [-1e7, 0]] * 2000], range(7000, 9000)),
        ([[[0, 0], [1e-6, 1e-6]]], range(2, 20)),
    ],
)
def test_ink_of_odd_shape(strokes, steps):
    with np.errstate(all="raise"):
        read = features(to_points([np.array(stroke) for stroke in strokes], "ink"))
    assert len(read) in steps
    assert np.isfinite(read).all()


def test_a_line_takes_less_than_a_millisecond(ink):
    features(ink)
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        features(ink)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1e-3
