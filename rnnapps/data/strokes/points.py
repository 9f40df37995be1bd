"""Strokes as people have them, and as the points of one array."""

from collections.abc import Sequence

import numpy as np

from rnnapps.errors import UserError

MOST_POINTS = 50_000  # of a line: one of IAM-OnDB has at most 1,940, a page of notes about 20,000
MOST_STROKES = 5_000  # each of which has a step of its own, however short
FARTHEST = 1e7  # float32 tells integers apart up to 1.7e7


def to_points(strokes: Sequence[np.ndarray], where: str) -> np.ndarray:
    """The points of a line, float32 `(points, 3)`: x, y and 1 where the pen leaves the paper, else 0.

    Args:
        strokes: of each the positions of its points, `(points, 2)`; one without points leaves no trace.
        where: what errors call the line.

    Raises:
        UserError: no points, too many, or positions that are not numbers or too large.
    """
    strokes = [stroke for stroke in strokes if len(stroke)]
    count = sum(map(len, strokes))
    if not count:
        raise UserError(f"{where}: no strokes in it")
    if count > MOST_POINTS:
        raise UserError(f"{where}: {count:,} points, more than the {MOST_POINTS:,} of a line: divide it")
    if len(strokes) > MOST_STROKES:
        much = f"{len(strokes):,} strokes, more than the {MOST_STROKES:,} of a line"
        raise UserError(f"{where}: {much}: divide it")
    places = np.concatenate(strokes)
    if not (np.abs(places) <= FARTHEST).all():  # false for NaN too
        raise UserError(f"{where}: a position that is NaN or beyond {FARTHEST:,.0f}")
    points = np.zeros((count, 3), "float32")
    points[:, :2] = places
    points[np.cumsum([len(stroke) for stroke in strokes]) - 1, 2] = 1
    return points


def to_strokes(points: np.ndarray) -> list[np.ndarray]:
    """The strokes of a line, each floats `(points, 2)`: the opposite of `to_points`."""
    return np.split(points[:, :2], np.flatnonzero(points[:-1, 2]) + 1)
