"""Other versions of the same lines in every epoch."""

import math

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from rnnapps.data.lines.augmentation_config import LineAugmentationConfig

SPACING = 0.5  # of the points that the elastic curve goes through, in heights of the line
RISE = 0.2  # share of the height by which a line rises or falls, at most, whatever its length


class LineAugmentation:
    """Changes a line's strokes, shape, sharpness, contrast, brightness and noise, in this order.

    - Strokes become thicker or thinner by a mixture with the darkest or lightest of the neighbours.
    - Slant, skew, stretch, size, shift and a smooth random displacement (Simard et al. 2003) are one
      resampling. Paper fills what comes from outside. What leans out to the left or right widens the
      picture; the height stays.
    - Contrast is lost toward the paper, as where ink has faded; brightness by all, as on dark paper.

    How much of each is drawn evenly up to what the config has. Each change has its own draws: turning
    one off leaves the others as they were.

    Args:
        config: how much of each.
    """

    def __init__(self, config: LineAugmentationConfig):
        self.config = config

    def __call__(self, pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A line as it may be too, uint8 `(height, other width)`.

        Args:
            pixels: of the line, uint8 `(height, width)`, dark on light.
            random: the source of the draws.
        """
        config = self.config
        slant, skew, stretch, thickness = (2 * random.random(4) - 1).tolist()
        elastic, blur, contrast, brightness, noise = random.random(5).tolist()
        size, shift = (2 * random.random(2) - 1).tolist()
        moves, grain = random.spawn(2)
        changed = _with_strokes(pixels, config.thickness * thickness)
        changed = _warped(
            changed,
            config.slant * slant,
            math.tan(math.radians(config.skew * skew)),
            1 + config.stretch * stretch,
            1 + config.size * size,
            config.shift * shift,
            config.elastic * elastic,
            moves,
        )
        if config.blur:
            blurred = Image.fromarray(changed).filter(ImageFilter.GaussianBlur(config.blur * blur))
            changed = np.asarray(blurred)
        left, light = 1 - config.contrast * contrast, 1 - config.brightness * brightness
        greys = (255 + (changed - np.float32(255)) * np.float32(left)) * np.float32(light)
        if config.noise:
            deviation = np.float32(255 * config.noise * noise)
            greys += deviation * grain.standard_normal(greys.shape, "float32")
        return greys.round().clip(0, 255).astype("uint8")


def _with_strokes(pixels: np.ndarray, change: float) -> np.ndarray:
    """Strokes thicker (`change` above 0) or thinner (below), by up to a pixel on each side."""
    if not change:
        return pixels
    pick = np.minimum if change > 0 else np.maximum
    padded = np.pad(pixels, 1, mode="edge")
    columns = pick.reduce([padded[:-2], padded[1:-1], padded[2:]])
    around = pick.reduce([columns[:, :-2], columns[:, 1:-1], columns[:, 2:]])
    return np.asarray(Image.blend(Image.fromarray(pixels), Image.fromarray(around), abs(change)))


def _warped(
    pixels: np.ndarray,
    slant: float,
    rise: float,
    stretch: float,
    size: float,
    shift: float,
    elastic: float,
    random: np.random.Generator,
) -> np.ndarray:
    """The pixels where a change of shape takes them, uint8 `(height, other width)`.

    Args:
        pixels: uint8 `(height, width)`.
        slant: columns by which the letters lean to the right for each row upwards.
        rise: rows by which the line falls for each column, limited by RISE.
        stretch: its new width in old ones.
        size: the new height of letters in old ones.
        shift: heights by which it is moved down.
        elastic: greatest displacement in heights.
        random: of the displacements.
    """
    if not (slant or rise or shift or elastic) and stretch == size == 1:
        return pixels
    height, width = pixels.shape
    wide = max(1, round(width * stretch + abs(slant) * height))
    rise = np.clip(rise, -RISE * height / wide, RISE * height / wide)
    y = np.arange(height, dtype="float32")[:, None] - np.float32((height - 1) / 2)
    x = np.arange(wide, dtype="float32") - np.float32((wide - 1) / 2)
    rows = (y - np.float32(shift * height)) / np.float32(size) - np.float32(rise) * x
    rows += np.float32((height - 1) / 2)
    columns = (x + np.float32(slant) * y) / np.float32(stretch) + np.float32((width - 1) / 2)
    if elastic:
        points = (2, 2 + int(1 / SPACING), 2 + int(wide / (SPACING * height)))
        moves = random.uniform(-elastic * height, elastic * height, points).astype("float32")
        smooth = Image.Resampling.BICUBIC
        down, right = (Image.fromarray(move).resize((wide, height), smooth) for move in moves)
        rows = rows + np.asarray(down)
        columns = columns + np.asarray(right)
    paper = float(np.median(pixels))
    places = (rows, np.broadcast_to(columns, rows.shape))
    return ndimage.map_coordinates(pixels, places, order=1, cval=paper)
