"""With a line drawn on the spot."""

import time
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rnnapps.data.lines.augmentation_config import LineAugmentationConfig
from rnnapps.data.pictures.line_augmentation import LineAugmentation
from rnnapps.errors import UsageError

NOTHING = LineAugmentationConfig(**{field.name: 0 for field in fields(LineAugmentationConfig)})


@pytest.fixture(scope="module")
def line():
    picture = Image.new("L", (600, 48), 255)
    ImageDraw.Draw(picture).text((10, 6), "a line of writing to be changed", fill=0, font_size=30)
    return np.asarray(picture)


def bar():
    """A vertical stroke."""
    pixels = np.full((48, 200), 255, "uint8")
    pixels[8:40, 98:102] = 0
    return pixels


def versions(pixels, number=100, seed=0, **changes):
    augmentation, random = LineAugmentation(replace(NOTHING, **changes)), np.random.default_rng(seed)
    return [augmentation(pixels, random) for _ in range(number)]


def ink_columns(pixels, rows):
    """The middle of the ink of some rows."""
    ink = 255.0 - pixels[rows]
    return float((ink.sum(axis=0) * np.arange(pixels.shape[1])).sum() / ink.sum())


def test_nothing_changes_nothing(line):
    np.testing.assert_array_equal(versions(line, 1)[0], line)


def test_all_together(line):
    augmentation, random = LineAugmentation(LineAugmentationConfig()), np.random.default_rng(0)
    before = line.copy()
    some = [augmentation(line, random) for _ in range(50)]
    np.testing.assert_array_equal(line, before)
    assert {pixels.shape[0] for pixels in some} == {48} and {pixels.dtype.name for pixels in some} == {
        "uint8"
    }
    widths = [pixels.shape[1] for pixels in some]
    assert 600 * 0.85 <= min(widths) < 560 and 640 < max(widths) <= 600 * 1.15 + 0.3 * 48
    assert len({pixels.tobytes() for pixels in some}) == 50
    for pixels in some:
        assert np.percentile(pixels, 50) - np.percentile(pixels, 3) > 60  # to be seen


def test_the_draws_determine_it(line):
    changes = {"slant": 0.3, "elastic": 0.03, "noise": 0.1, "stretch": 0.1}
    for one, same in zip(versions(line, 3, **changes), versions(line, 3, **changes), strict=True):
        np.testing.assert_array_equal(one, same)
    assert versions(line, 1, seed=1, **changes)[0].tobytes() != versions(line, 1, **changes)[0].tobytes()


def test_one_change_leaves_the_others_as_they_were(line):
    stretched = versions(line, 20, stretch=0.15)
    both = versions(line, 20, stretch=0.15, contrast=0.4, brightness=0.15, noise=0.02)
    assert [one.shape for one in stretched] == [one.shape for one in both]
    for one, other in zip(stretched, both, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.95


def test_letters_become_higher_and_lower_and_move():
    def ends(pixels):
        inked = np.flatnonzero((pixels < 128).any(axis=1))
        return inked[0], inked[-1] + 1

    heights = [bottom - top for top, bottom in map(ends, versions(bar(), size=0.2))]
    assert min(heights) in (26, 27) and max(heights) in (37, 38)
    tops = [top for top, _ in map(ends, versions(bar(), shift=0.1))]
    assert min(tops) in (3, 4) and max(tops) in (12, 13)
    assert {pixels.shape for pixels in versions(bar(), 5, size=0.2, shift=0.1)} == {(48, 200)}


def test_slant_leans_to_both_sides_and_loses_nothing():
    leans = []
    for pixels in versions(bar(), slant=0.3):
        assert (255.0 - pixels).sum() == pytest.approx((255.0 - bar()).sum(), rel=0.02)
        leans.append((ink_columns(pixels, slice(8, 12)) - ink_columns(pixels, slice(36, 40))) / 28)
    assert -0.31 < min(leans) < -0.25 and 0.25 < max(leans) < 0.31


def test_skew_raises_and_lowers_but_not_out_of_the_picture(line):
    stroke = np.full((48, 1000), 255, "uint8")
    stroke[22:26] = 0
    slopes = []
    for pixels in versions(stroke, skew=5):
        middles = (255.0 - pixels).T @ np.arange(48) / (255.0 - pixels).sum(axis=0)
        slopes.append(middles[-1] - middles[0])
    assert -9.7 < min(slopes) < -9 and 9 < max(slopes) < 9.7  # a fifth of 48
    assert any(abs(one) < 9 for one in slopes)


def test_stretch_keeps_all_letters(line):
    for pixels in versions(line, 20, stretch=0.15):
        back = np.asarray(Image.fromarray(pixels).resize((600, 48), Image.Resampling.BICUBIC))
        assert np.corrcoef(back.ravel(), line.ravel())[0, 1] > 0.9


def test_elastic_moves_points_by_so_much_at_most(line):
    dots = np.full((48, 600), 255, "uint8")
    dots[24, 10::20] = 0
    moves = []
    for pixels in versions(dots, 20, elastic=0.05):
        rows, columns = np.nonzero(pixels < 250)
        near = 10 + 20 * np.round((columns - 10) / 20)
        moves += [*np.abs(rows - 24), *np.abs(columns - near)]
    assert 1 <= max(moves) <= 0.05 * 48 * 1.3 + 1  # the curve may swing beyond its points


def test_strokes_become_thicker_and_thinner():
    inks = [(255.0 - pixels).sum() / (255.0 - bar()).sum() for pixels in versions(bar(), thickness=1)]
    assert (
        0.45 < min(inks) < 0.6 and 1.45 < max(inks) < 1.62
    )  # 4 columns by 32 become 2 by 30, or 6 by 34


def test_blur_contrast_brightness_and_noise():
    edges = [np.abs(np.diff(pixels[24].astype(int))).max() for pixels in versions(bar(), blur=2)]
    assert min(edges) < 80 and max(edges) > 250
    pale = [pixels.min() for pixels in versions(bar(), contrast=0.5)]
    assert min(pale) < 10 and 120 < max(pale) <= 128
    dark = [pixels.max() for pixels in versions(bar(), brightness=0.2)]
    assert 204 <= min(dark) < 208 and max(dark) > 252
    grey = np.full((48, 200), 128, "uint8")
    deviations = [pixels.std() / 255 for pixels in versions(grey, noise=0.1)]
    assert min(deviations) < 0.01 and 0.09 < max(deviations) < 0.103


@pytest.mark.parametrize("shape", [(1, 1), (48, 1), (1, 300), (16, 5)])
def test_any_size(shape):
    augmentation = LineAugmentation(LineAugmentationConfig())
    for seed in range(10):
        pixels = augmentation(np.full(shape, 200, "uint8"), np.random.default_rng(seed))
        assert pixels.shape[0] == shape[0] and pixels.shape[1] >= 1


def test_200_lines_take_little_time(line):
    augmentation, random = LineAugmentation(LineAugmentationConfig()), np.random.default_rng(0)
    start = time.process_time()
    for _ in range(200):
        augmentation(line, random)
    assert time.process_time() - start < 1.5  # 0.5 s where nothing else runs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slant": 1.1}, "--slant must be 0 to 1, got 1.1"),
        ({"skew": -1}, "--skew must be 0 to 10 \\(degrees\\), got -1"),
        ({"stretch": 0.6}, "--stretch must be 0 to 0.5, got 0.6"),
        ({"noise": float("nan")}, "--noise must be 0 to 0.5, got nan"),
        ({"blur": 6}, "--blur must be 0 to 5 \\(pixels\\), got 6"),
    ],
)
def test_what_is_not_allowed(options, message):
    with pytest.raises(UsageError, match=message):
        LineAugmentationConfig(**options)
