"""From the points of a pen to what a recognition network reads: level, of one size, in equal steps."""

from typing import NamedTuple

import numpy as np

STEP = 0.28  # units: lines of IAM-OnDB have 13 steps a character
CHANNELS = 9
MOST_STEPS = 8_000  # of a line; ink that would have more has longer steps
FINE = 0.125  # spreads: steps in which the lower ends of letters are looked for
FIT_ROUNDS = 4
STEADY = 2.0  # spreads: ink must be wider than this for its lower ends to tell how it slopes
STEEPEST = 0.5  # slope that is taken away, at most
WIDEST = 200.0  # units of a line: ink without height, as a dash, is measured by its width
UNIT = 1.2  # of the height in which half of the ink lies, the height of small letters


class _Frame(NamedTuple):
    """How a line lies on its paper.

    Attributes:
        slope: y by which its baseline falls for each x.
        baseline: y of its baseline at x = 0.
        unit: about the height of its small letters.
    """

    slope: float
    baseline: float
    unit: float


def features(points: np.ndarray, step: float = STEP) -> np.ndarray:
    """What a network reads of a line of ink: float32 `(time, CHANNELS)`, the same at any size and place.

    The line is turned so that its baseline is level, measured in units of about the height of its small
    letters, and its strokes are divided into steps of equal length, as pens and hands are of unlike
    speed. The way between two strokes is one step. The channels of a step:

    - 0, 1: the direction that the pen came from the step before, as cosine and sine; 0 at the first.
    - 2, 3: how it turns here, as cosine and sine of the angle; 0 at the ends of a stroke.
    - 4: y under the baseline (letters are above, where it is negative), in units.
    - 5, 6: the way from the stroke before, dx and dy, as sign(d) log(1 + |d|), in units; else 0.
    - 7, 8: 1 where a stroke begins, and where it ends.

    Args:
        points: at least one, float32 `(points, 3)`, see `rnnapps.data.lines.written_line`.
        step: length of a step, in units.
    """
    frame = _frame(points)
    places, begins = _resampled(points, step * frame.unit)
    turn = np.array([[1.0, -frame.slope], [frame.slope, 1.0]]) / np.hypot(1.0, frame.slope)
    level = (places - [0.0, frame.baseline]) @ turn / frame.unit
    moves = np.diff(level, axis=0, prepend=level[:1])
    lengths = np.hypot(*moves.T)
    directions = moves / np.where(lengths > 0, lengths, 1.0)[:, None]
    ends = np.append(begins[1:], True)
    (x, y), (next_x, next_y) = directions.T, np.roll(directions, -1, axis=0).T
    inside = ~(begins | ends)
    jumps = np.sign(moves) * np.log1p(np.abs(moves))

    channels = np.empty((len(level), CHANNELS), "float32")
    channels[:, 0:2] = directions
    channels[:, 2] = inside * (x * next_x + y * next_y)
    channels[:, 3] = inside * (x * next_y - y * next_x)
    channels[:, 4] = level[:, 1]
    channels[:, 5:7] = begins[:, None] * jumps
    channels[:, 7] = begins
    channels[:, 8] = ends
    return channels


def step_places(points: np.ndarray, step: float = STEP) -> np.ndarray:
    """Where on the paper each step of `features` is: x and y as in `points`, float32 `(time, 2)`."""
    return _resampled(points, step * letter_height(points))[0].astype("float32")


def letter_height(points: np.ndarray) -> float:
    """About the height of a line's small letters, in what its points are measured in."""
    return _frame(points).unit


def _frame(points: np.ndarray) -> _Frame:
    """Measure a line by its lower ends, where letters stand on the baseline, and by its ink.

    A regression whose weights are those of Cauchy's distribution leaves descenders out.
    """
    x, y = points[:, :2].astype("float64").T
    middle = float(x.mean()), float(y.mean())
    x, y = x - middle[0], y - middle[1]
    narrowest = float(np.ptp(x)) / WIDEST
    spread = max(float((y - _slope(x, y, np.ones(len(x)), narrowest) * x).std()), narrowest) or 1.0
    x, y = (_resampled(points, FINE * spread)[0] - middle).T
    lower = 1 + np.flatnonzero((y[1:-1] >= y[:-2]) & (y[1:-1] > y[2:]))
    slope, baseline = 0.0, float(np.median(y))
    if len(lower):
        x_low, y_low = x[lower], y[lower]
        weights = np.ones(len(lower))
        for _ in range(FIT_ROUNDS):
            slope = float(np.clip(_slope(x_low, y_low, weights, STEADY * spread), -STEEPEST, STEEPEST))
            residuals = y_low - slope * x_low
            baseline = float(weights @ residuals / weights.sum())
            residuals = np.abs(residuals - baseline)
            weights = 1 / (1 + np.square(residuals / (1.5 * np.median(residuals) + 0.01 * spread)))
    heights = np.sort(y - slope * x)
    half = heights[3 * len(heights) // 4] - heights[len(heights) // 4]
    unit = max(UNIT * float(half), narrowest) or 1.0
    return _Frame(slope, baseline + middle[1] - slope * middle[0], unit)


def _slope(x: np.ndarray, y: np.ndarray, weights: np.ndarray, steady: float) -> float:
    """Of a weighted regression, made smaller where x varies by less than `steady` (ridge)."""
    x, y = (values - weights @ values / weights.sum() for values in (x, y))
    variance = weights @ (x * x) + weights.sum() * steady**2
    return float(weights @ (x * y) / variance) if variance else 0.0


def _resampled(points: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Strokes in steps of equal length, about `step`, from their first points to their last.

    A stroke that is shorter than half a step is its first point.

    Returns:
        positions, float64 `(time, 2)`, and bools `(time,)`, true where a stroke begins.
    """
    places = points[:, :2].astype("float64")
    lifts = points[:-1, 2] > 0
    first = np.concatenate([[0], np.flatnonzero(lifts) + 1])
    last = np.append(first[1:], len(places)) - 1
    # The way along all strokes; that from one to the next has a length too, and no step lies on it.
    along = np.zeros(len(places))
    np.cumsum(np.where(lifts, step, np.hypot(*np.diff(places, axis=0).T)), out=along[1:])
    lengths = along[last] - along[first]
    counts = np.rint(lengths / max(step, lengths.sum() / MOST_STEPS)).astype("int64")
    begins = np.cumsum(counts + 1) - counts - 1
    stroke = np.repeat(np.arange(len(counts)), counts + 1)
    number = np.arange(len(stroke)) - begins[stroke]
    at = along[first][stroke] + number * (lengths / np.maximum(counts, 1))[stroke]
    resampled = np.stack([np.interp(at, along, axis) for axis in places.T], axis=1)
    is_first = np.zeros(len(resampled), bool)
    is_first[begins] = True
    return resampled, is_first
