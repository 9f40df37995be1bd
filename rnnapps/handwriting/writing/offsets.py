"""Ink as the writer reads and writes it: the steps of the pen, of one size whatever the tablet."""

import numpy as np

SPACING = 0.3  # least step of the pen within a stroke, in heights: some twelve points to a letter
LARGEST = 40.0  # of an offset, in spacings: a pen that goes farther has lost its place


def to_offsets(points: np.ndarray) -> np.ndarray:
    """The steps of the pen along a line, float32 `(time, 3)`: dx, dy and 1 where it lifts behind them.

    The line is made level, and the unit is `SPACING` times its height, the standard deviation of y. So
    lines of all tablets are alike, and need no deviation of the data to be divided by (Graves 2013,
    section 4.1): that of offsets is about two. Points nearer than a unit to the one before are left out,
    but for the last of a stroke. An offset is cut at `LARGEST`. The first step leads to the first point:
    it is 0, 0.

    Args:
        points: float32 `(points, 3)` of one line: x, y, and 1 where the pen lifts after the point. None
            may be missing or infinite.
    """
    places = _level(points[:, :2].astype("float64"))
    height = places[:, 1].std() or places[:, 0].std() or 1.0  # a dash has no height, a dot neither
    places /= SPACING * height
    lifts = points[:, 2] > 0.5
    kept, last, begins = [], places[0], True
    for number, (place, lift) in enumerate(zip(places, lifts, strict=True)):
        if begins or lift or np.square(place - last).sum() >= 1:
            kept.append(number)
            last = place
        begins = lift
    steps = np.diff(places[kept], axis=0, prepend=places[kept[0]][None]).clip(-LARGEST, LARGEST)
    return np.concatenate([steps, lifts[kept, None]], axis=1).astype("float32")


def _level(places: np.ndarray) -> np.ndarray:
    """Places without the slope of their line, around their mean."""
    x, y = (places - places.mean(axis=0)).T
    # Of a word the slope is what its letters make of it: the less wide the writing, the less it counts.
    slope = (x @ y) / (x @ x + 10 * (y @ y) or 1.0)
    return np.stack([x, y - slope * x], axis=1)


def to_points(offsets: np.ndarray) -> np.ndarray:
    """The points of offsets, float32 `(time, 3)`, in heights of the line, from where the pen began."""
    places = SPACING * np.cumsum(offsets[:, :2], axis=0, dtype="float64")
    return np.concatenate([places, offsets[:, 2:]], axis=1).astype("float32")
