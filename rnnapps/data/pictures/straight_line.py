"""A line of writing made level and upright, its letters of one height."""

import numpy as np
from scipy import ndimage

from rnnapps.data.pictures.line_pixels import to_height

SPAN = 5.0  # rows above and below the middle of the writing, in mean distances of its ink from it
SMALLEST, LARGEST = 0.25, 0.6  # shares of a picture's height that those rows may be
FAINT = 0.25  # share of full black that is still paper
SLANTS = np.linspace(-0.6, 1.4, 21)  # columns to the right for each row upwards
LETTER, WORD = 1.5, 5.0  # in quarters of the height: what a middle is found by, and smoothed over
FAR_WEIGHT = 0.01  # of ink far away, beside that of ink near
STIFFNESS = 4.0  # holds the slope of a line of one or two letters near zero


def straightened(pixels: np.ndarray, height: int, widest: int) -> np.ndarray:
    """A line as `to_height` has it, but level, upright, and with writing of one height.

    Its middle, the row about which most ink of a neighbourhood is, becomes the middle of the picture
    (after Breuel et al. 2013); the mean distance of ink from it gives the size of the writing, so that
    long strokes above and below count too; and it leans by the slant along which the most ink stands in
    the fewest columns (after Vinciarelli and Luettin 2001). A line without ink stays as it is.

    Args:
        pixels: of a line, uint8 `(height, width)`, dark on light.
        height: of the result, in pixels.
        widest: greatest width of the result, in pixels.
    """
    small = to_height(pixels, height, widest)
    ink = np.clip((255 - small.astype("float32")) / 255 - FAINT, 0, None)
    if not ink.any():
        return small
    middle = _middle(ink)
    distance = np.abs(np.arange(height, dtype="float32")[:, None] - middle)
    rows = np.clip(SPAN * (ink * distance).sum() / ink.sum(), SMALLEST * height, LARGEST * height)
    scale = height / (2 * rows)
    scaled = to_height(pixels, round(height * scale), widest)
    width = scaled.shape[1]
    up = np.float32((height - 1) / 2) - np.arange(height, dtype="float32")[:, None]
    x = np.arange(width, dtype="float32")
    there = np.interp((x + 0.5) * (small.shape[1] / width) - 0.5, np.arange(small.shape[1]), middle)
    y = ((there + 0.5) * (scaled.shape[0] / height) - 0.5).astype("float32") - up
    return ndimage.map_coordinates(scaled, (y, x + np.float32(_slant(ink)) * up), order=1, cval=255)


def _middle(ink: np.ndarray) -> np.ndarray:
    """The row in the middle of the writing, at each column, float `(width,)`."""
    height, width = ink.shape
    step = height // 4
    coarse = np.pad(ink, ((0, 0), (0, -width % step))).reshape(height, -1, step).sum(axis=2)
    heaviest = ndimage.gaussian_filter(coarse, (step, LETTER), mode="constant").argmax(axis=0)
    # A straight line through the rows around each column, and not their mean, which would be pulled
    # inward at the ends; columns far away count a little, for where there is no ink near.
    places = np.arange(len(heaviest))
    away = places - places[:, None]
    weights = coarse.sum(axis=0) * (np.exp(-0.5 * (away / WORD) ** 2) + FAR_WEIGHT)
    moments = [weights * away**power for power in range(3)]
    total, first, second = (one.sum(axis=1) for one in moments)
    rows, slopes = (one @ heaviest for one in moments[:2])
    spread = total * second - first**2 + total**2 * STIFFNESS
    middle = (rows * (second + total * STIFFNESS) - slopes * first) / spread
    return np.interp(np.arange(width), places * step + (step - 1) / 2, middle.clip(0, height - 1))


def _slant(ink: np.ndarray) -> float:
    """How far the writing leans: columns to the right for each row upwards."""
    height, width = ink.shape
    rows, columns = np.nonzero(ink)
    up = (height - 1) / 2 - rows
    margin = height  # more than any slant moves a pixel
    gathered = []
    for slant in SLANTS:
        moved = (columns - slant * up + margin).astype(int)
        sums = np.bincount(moved, ink[rows, columns], width + 2 * margin)
        # Smoothed: a slant of 0 moves by whole columns, and would win by that alone.
        sums = sums[:-2] + 2 * sums[1:-1] + sums[2:]
        gathered.append(sums @ sums)
    return float(SLANTS[np.argmax(gathered)])
