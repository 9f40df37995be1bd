"""With a line that is drawn straight, and then leant, tilted, bent and made larger."""

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rnnapps.data.pictures.line_pixels import to_height
from rnnapps.data.pictures.straight_line import straightened

HEIGHT, WIDEST = 48, 2000


def line(size=20, text="him in mind, lately but till them: lilt until limbs hill", height=60):
    picture = Image.new("L", (round(26.5 * size), height), 255)
    ImageDraw.Draw(picture).text((10, height / 2), text, fill=0, font_size=size, anchor="lm")
    return picture


def moved(picture, across=(1, 0, 0), down=(0, 1, 0)):
    """`across` and `down` give, for x, y and 1, the place of the old picture that is shown."""
    return picture.transform(
        picture.size, Image.Transform.AFFINE, (*across, *down), Image.Resampling.BICUBIC, fillcolor=255
    )


def ink(pixels):
    return 255 - pixels.astype(float)


def rows(pixels):
    """The mean row of the ink, in the left, the middle and the right third."""
    thirds = np.array_split(ink(pixels), 3, axis=1)
    return np.array([np.arange(len(pixels)) @ third.sum(axis=1) / third.sum() for third in thirds])


def upright(pixels):
    """How unevenly ink is divided over the columns: most where strokes stand upright."""
    sums = ink(pixels).sum(axis=0)
    return sums.std() / sums.mean()


def test_a_straight_line_stays_upright_and_level():
    pixels = straightened(np.asarray(line()), HEIGHT, WIDEST)
    assert pixels.dtype == np.uint8 and len(pixels) == HEIGHT
    assert abs(rows(pixels) - HEIGHT / 2).max() < 3
    assert upright(pixels) > 0.9 * upright(to_height(np.asarray(line()), HEIGHT, WIDEST))


@pytest.mark.parametrize("slant", [-0.5, 0.4, 1.0])
def test_slant(slant):
    leant = np.asarray(moved(line(), across=(1, slant, -30 * slant)))
    straight = upright(straightened(np.asarray(line()), HEIGHT, WIDEST))
    assert upright(to_height(leant, HEIGHT, WIDEST)) < 0.65 * straight
    assert upright(straightened(leant, HEIGHT, WIDEST)) > 0.75 * straight


@pytest.mark.parametrize("rise", [-0.05, 0.05])
def test_a_tilted_line(rise):
    tilted = np.asarray(moved(line(height=100), down=(rise, 1, -265 * rise)))
    assert np.ptp(rows(to_height(tilted, HEIGHT, WIDEST))) > 6
    straight = straightened(np.asarray(line(height=100)), HEIGHT, WIDEST)
    assert abs(rows(straightened(tilted, HEIGHT, WIDEST)) - rows(straight)).max() < 2


def test_a_bent_line():
    pixels = np.asarray(line(height=100))
    bend = (12 * np.sin(np.arange(pixels.shape[1]) / 80)).astype(int)
    bent = np.stack([np.roll(column, by) for column, by in zip(pixels.T, bend, strict=True)], axis=1)
    straight, given = (to_height(some, HEIGHT, WIDEST) for some in (pixels, bent))
    assert abs(rows(given) - rows(straight)).max() > 4
    straight, given = (straightened(some, HEIGHT, WIDEST) for some in (pixels, bent))
    assert abs(rows(given) - rows(straight)).max() < 2


def test_size_and_place_of_the_writing_in_its_picture():
    reference = straightened(np.asarray(line(30)), HEIGHT, WIDEST)
    small = straightened(np.asarray(line(18)), HEIGHT, WIDEST)
    low = straightened(np.asarray(moved(line(18), down=(0, 1, -15))), HEIGHT, WIDEST)
    sharp = straightened(np.asarray(line(90, height=180)), HEIGHT, WIDEST)  # as scanned finer
    for pixels in (small, low, sharp):
        assert pixels.shape[1] == pytest.approx(reference.shape[1], rel=0.1)
        assert abs(rows(pixels) - rows(reference)).max() < 2


@pytest.mark.parametrize("shape", [(1, 1), (16, 2), (60, 900), (3, 500), (80, 10)])
@pytest.mark.parametrize("grey", [0, 255])
def test_a_blank_line_is_as_to_height_has_it(shape, grey):
    pixels = np.full(shape, grey, "uint8")
    np.testing.assert_array_equal(straightened(pixels, 16, 300), to_height(pixels, 16, 300))


def test_noise_and_single_spots():
    random = np.random.default_rng(0)
    for shape in ((1, 1), (16, 2), (60, 900), (3, 500), (80, 10)):
        assert len(straightened(random.integers(0, 256, shape, "uint8"), 16, 300)) == 16
        spot = np.full(shape, 255, "uint8")
        spot[-1, -1] = 0
        assert straightened(spot, 16, 300).shape[1] <= 300


def test_widest():
    assert straightened(np.asarray(line(size=18)), HEIGHT, 300).shape == (HEIGHT, 300)


def test_100_lines_take_little_time():
    pixels = np.asarray(line())
    start = time.process_time()
    for _ in range(100):
        straightened(pixels, HEIGHT, WIDEST)
    assert time.process_time() - start < 1.5  # 0.3 s where nothing else runs
