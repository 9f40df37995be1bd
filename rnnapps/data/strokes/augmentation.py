"""Other versions of the same lines of ink in every epoch."""

import numpy as np

from rnnapps.data.lines.augmentation_config import LineAugmentationConfig
from rnnapps.data.strokes.features import letter_height

PACE_LETTERS = 4.0  # heights of small letters along a line in which its pace stays the same
NOISE_LETTERS = 0.7  # and along the pen's way, behind which noise is another
MOST_DRAWS = 10_000  # of noise; ink of odd shape has it smoother instead


class InkAugmentation:
    """Changes the points, pace, strokes, width, slant and angle of a line, in this order.

    - Points are left out evenly, but never the first or the last of a stroke.
    - Pace is how wide letters are; it changes along the line. A stroke that is written later, as the dot
      of an i, goes where its letter goes.
    - Noise of strokes is smooth along the pen's way, as a hand is unsteady, and moves dots and crosses.
    - Width is stretched, and slant is a shear, by an even draw for the whole line.

    Args:
        config: how much of each.
    """

    def __init__(self, config: LineAugmentationConfig):
        self.config = config

    def __call__(self, points: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Another version of a line.

        Args:
            points: at least one, float32 `(points, 3)`, see `rnnapps.data.lines.written_line`.
            random: gives the draws; they are all that versions differ in.

        Returns:
            float32 `(points, 3)`, of as many points or fewer and as many strokes, about as large.
        """
        config = self.config
        drop, stretch, slant, angle = random.uniform(-1, 1, 4).tolist()
        unit = letter_height(points)
        is_kept = random.random(len(points)) >= config.drop_points * abs(drop)
        lifts = points[:, 2] > 0
        is_kept |= lifts
        is_kept[0] = True
        is_kept[1:] |= lifts[:-1]
        points = points[is_kept]
        x, y = points[:, :2].T.astype("float64") / unit

        left = x.min()
        cells = 1 + int(np.ptp(x) / PACE_LETTERS)
        paces = 1 + config.pace * random.uniform(-1, 1, cells)
        edges = PACE_LETTERS * np.arange(cells + 1)
        x = left + np.interp(x - left, edges, np.append(0.0, PACE_LETTERS * paces.cumsum()))
        way = np.hypot(np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0])).cumsum()
        x = x + config.stroke_noise * _noise(way, random)
        y = y + config.stroke_noise * _noise(way, random)
        x = x * (1 + config.stretch * stretch) - config.slant * slant * (y - y.mean())
        turned = np.deg2rad(config.skew * angle)
        changed = points.copy()
        changed[:, 0] = unit * (x * np.cos(turned) - y * np.sin(turned))
        changed[:, 1] = unit * (x * np.sin(turned) + y * np.cos(turned))
        return changed


def _noise(way: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Smooth noise of standard deviation 1 between independent draws, floats `(points,)`."""
    place = way / max(NOISE_LETTERS, way[-1] / MOST_DRAWS)
    draw = place.astype("int64")
    values = random.standard_normal(int(draw[-1]) + 2)
    part = place - draw
    part = part * part * (3 - 2 * part)  # without corners
    return (1 - part) * values[draw] + part * values[draw + 1]
