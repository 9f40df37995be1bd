"""Ink as SVG, as JSON and as a picture."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from rnnapps.data.strokes.features import letter_height
from rnnapps.data.strokes.points import to_strokes
from rnnapps.outputs import ESCAPED, write

SVG_LETTER = 24.0  # pixels of the height of a small letter
MARGIN = 1.0  # heights of small letters around the ink
PEN = 0.1  # width of the pen's line, in these heights
DECIMALS = 3  # of positions in JSON
FINER = 4  # times as large as it will be is a picture drawn
WIDEST = 50  # times its height is a picture's width, at most


def svg(points: np.ndarray) -> str:
    """A line of ink as an SVG document, a path for each stroke; small letters are about 24 pixels high.

    Args:
        points: at least one, float32 `(points, 3)`, see `rnnapps.data.lines.written_line`.
    """
    scale = SVG_LETTER / letter_height(points)
    margin = MARGIN * SVG_LETTER
    places = scale * (points[:, :2].astype("float64") - points[:, :2].min(axis=0)) + margin
    width, height = places.max(axis=0) + margin
    paths = []
    for stroke in to_strokes(np.column_stack([places, points[:, 2]])):
        # One of a single point goes nowhere, which a round pen draws as a dot.
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.tolist())
        paths.append(f'<path d="M{way}{" h0" if len(stroke) == 1 else ""}"/>')
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}">'
    )
    style = (
        f'<g fill="none" stroke="#123" stroke-width="{PEN * SVG_LETTER:.1f}" '
        f'stroke-linecap="round" stroke-linejoin="round">'
    )
    white = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, white, style, *paths, "</g>", "</svg>", ""])


def write_svg(file: Path, points: np.ndarray) -> None:
    """Write a line of ink as SVG, whole or not at all: see `svg`.

    Raises:
        OSError: it cannot be written.
    """
    write(file, svg(points).encode())


def write_strokes(file: Path, lines: Iterable[tuple[str, np.ndarray]]) -> None:
    """Write lines as JSON, an object a line, as `rnnapps.data.strokes.json_strokes` reads them.

    Args:
        file: its path.
        lines: text and points of each, float32 `(points, 3)`; positions are rounded to 3 decimals.

    Raises:
        OSError: it cannot be written.
    """
    objects = []
    for text, points in lines:
        strokes = [
            np.round(stroke.astype("float64"), DECIMALS).tolist() for stroke in to_strokes(points)
        ]
        objects.append(json.dumps({"text": text, "strokes": strokes}, ensure_ascii=False) + "\n")
    write(file, "".join(objects).encode(errors=ESCAPED))


def picture(points: np.ndarray, height: int) -> np.ndarray:
    """A line of ink as a pen draws it: grey pixels, uint8 `(height, width)`, 0 for black, 255 for white.

    Args:
        points: at least one, float32 `(points, 3)`, see `rnnapps.data.lines.written_line`.
        height: in pixels. The width is that of the ink, but at most 50 times the height: a longer line
            is drawn smaller.
    """
    places = points[:, :2].astype("float64") - points[:, :2].min(axis=0)
    extent = places.max(axis=0)
    unit = letter_height(points)
    margin = MARGIN / 2 * unit
    scale = FINER * height / max(extent[1] + 2 * margin, (extent[0] + 2 * margin) / WIDEST)
    width = max(1, round(scale * (extent[0] + 2 * margin) / FINER))
    places = scale * (places + margin)
    places[:, 1] += (FINER * height - scale * (extent[1] + 2 * margin)) / 2  # in the middle
    pen = max(FINER, round(scale * PEN * unit))
    image = Image.new("L", (FINER * width, FINER * height), 255)
    draw = ImageDraw.Draw(image)
    for stroke in to_strokes(np.column_stack([places, points[:, 2]])):
        draw.line(stroke.ravel().tolist(), fill=0, width=pen, joint="curve")
        for x, y in stroke[[0, -1]].tolist():
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=0)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))
