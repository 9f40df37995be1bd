"""The pixels of a line of writing on paper: read, and brought to a height."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from rnnapps.data.pictures.files import decode
from rnnapps.errors import UserError

LONGEST = 200  # times as wide as high: a line of a newspaper column has 10, a long one of a ledger 60
TALLEST = 8  # times as high as wide: a line that is a single l or 1 has up to 5
INK, PAPER = 0.005, 0.5  # share of the pixels of a line that are darker: its blackest ink, its paper
FAINTEST = 32  # levels of grey between the two: with less, the noise of blank paper would become ink


def read_line(source: Path | bytes | np.ndarray, where: str | None = None) -> np.ndarray:
    """Read a line as grey pixels, dark writing on a light ground, uint8 `(height, width)`.

    White writing on black is turned round: the ground is what most pixels are. The rest is as
    `rnnapps.data.pictures.files.decode` has it: upright as a viewer shows it, a transparent ground is
    white, and 16 bits become 8.

    Args:
        source: a file, its content, or pixels, uint8 `(height, width)` or `(height, width, 3)`.
        where: what errors call it; without it the file.

    Raises:
        UserError: see `decode`; also pixels of another shape or type, and a picture that is no line,
            being far too long or upright.
    """
    where = where or (str(source) if isinstance(source, Path) else "picture")
    pixels = _greys(source, where) if isinstance(source, np.ndarray) else read_grey(source, where)
    height, width = pixels.shape
    if height > TALLEST * width:
        raise UserError(
            f"{where}: {width} pixels wide and {height} high: turn it, so that lines are level"
        )
    if width > LONGEST * height:
        raise UserError(f"{where}: {width} pixels wide, but {height} high: divide it into lines")
    ink, ground, light = _levels(Image.fromarray(pixels), (INK, PAPER, 1 - INK))
    return 255 - pixels if ground - ink < light - ground else pixels


def read_grey(source: Path | bytes, where: str | None = None) -> np.ndarray:
    """The grey pixels of a picture, uint8 `(height, width)`.

    Raises:
        UserError: see `decode`.
    """
    return np.asarray(decode(source, where).convert("L"))


def to_height(pixels: np.ndarray, height: int, widest: int) -> np.ndarray:
    """A line scaled to a height, with its ink black and its paper white, uint8 `(height, width)`.

    Its shape is kept, unless it would become wider than `widest`, to which it is squeezed then. The
    darkest pixels become 0 and the median 255, and what is between stays in proportion; on nearly blank
    paper the noise stays faint.

    Args:
        pixels: of a line, uint8 `(height, width)`, dark on light.
        height: of the result, in pixels.
        widest: greatest width of the result, in pixels.
    """
    rows, columns = pixels.shape
    width = min(max(round(columns * height / rows), 1), widest)
    picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    ink, paper = _levels(picture, (INK, PAPER))
    black = min(ink, paper - FAINTEST)
    greys = (np.arange(256) - black) * 255 / (paper - black)
    return np.asarray(picture.point(greys.round().clip(0, 255).astype(int).tolist()))


def _levels(picture: Image.Image, shares: Sequence[float]) -> list[int]:
    """The greys below which these shares of a grey picture's pixels are."""
    counts = np.cumsum(picture.histogram())
    return np.searchsorted(counts, np.array(shares) * counts[-1]).tolist()


def _greys(pixels: np.ndarray, where: str) -> np.ndarray:
    if (
        pixels.dtype != np.uint8
        or pixels.shape[2:] not in ((), (3,))
        or pixels.ndim < 2
        or not pixels.size
    ):
        raise UserError(
            f"{where}: pixels are uint8 (height, width) or (height, width, 3), not {pixels.dtype} "
            f"{pixels.shape}"
        )
    return pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))
