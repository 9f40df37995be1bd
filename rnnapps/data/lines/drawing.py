"""Lines drawn by a program: a text in a font, or pictures of digits, as ink on paper."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import map_coordinates

from rnnapps.errors import UserError

LETTERS = "ÉÀÇbdfhklgjpqy"  # reach as high and as low as any
MARGIN = 6  # pixels around the ink, for what warping moves
SIZES = range(40, 53)  # pixels, of the height of LETTERS; a picture is two margins higher
DIGIT = 20  # pixels, of the side of the picture of a digit


def draw_text(text: str, font: Path, generator: np.random.Generator) -> np.ndarray:
    """Draw a text in a font, in a size, a width of the ink, a slant and so on that chance decides.

    Returns:
        Pixels, uint8 `(height, width)`, dark on light; about 52 to 64 high, and more only where a letter
        reaches higher or lower than LETTERS.
    """
    size = int(generator.choice(SIZES))
    loaded, top, bottom = _loaded(font, size)
    box = loaded.getbbox(text, anchor="ls")
    top, bottom = min(top, int(box[1])), max(bottom, int(box[3]))
    width = int(box[2] - box[0]) + 2 * MARGIN
    ink = Image.new("L", (width, bottom - top + 2 * MARGIN))
    start = (MARGIN - box[0], MARGIN - top)
    ImageDraw.Draw(ink).text(start, text, 255, loaded, "ls")
    return _on_paper(_warped(np.array(ink), generator), generator)


def draw_digits(digits: Sequence[np.ndarray], generator: np.random.Generator) -> np.ndarray:
    """Put pictures of digits side by side, with gaps, heights and so on that chance decides.

    Args:
        digits: light on dark, uint8 `(20, 20)`.
        generator: the chance.

    Returns:
        Pixels, uint8 `(height, width)`, dark on light; their height is 52 to 64.
    """
    size = int(generator.choice(SIZES)) - 4  # the rest is for digits that stand higher or lower
    columns = [np.zeros((size + 4, MARGIN), "uint8")]
    for digit in digits:
        inked = np.flatnonzero(digit.any(axis=0))
        # The border makes its edges soft.
        cut = Image.fromarray(np.pad(digit[:, inked[0] : inked[-1] + 1], 1))
        scaled = cut.resize((cut.width * size // cut.height, size), Image.Resampling.BICUBIC)
        above, gap = generator.integers((0, 2), (5, 15)).tolist()
        columns.append(np.pad(np.array(scaled), ((above, 4 - above), (0, gap))))
    line = np.pad(np.concatenate(columns, axis=1), ((MARGIN, MARGIN), (0, MARGIN)))
    return _on_paper(_warped(line, generator), generator)


def without(font: Path, characters: Iterable[str]) -> set[str]:
    """Those of some characters that a font does not have, or does not draw.

    Raises:
        UserError: it is no font.
    """
    try:
        loaded = ImageFont.truetype(font, 40, layout_engine=ImageFont.Layout.BASIC)
        nothing = {_shape(loaded, one) for one in ("\U0010ffff", " ")}
        return {one for one in characters if one != " " and _shape(loaded, one) in nothing}
    except OSError as error:
        raise UserError(f"{font}: no font that can be read ({error})") from None


def _shape(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


@lru_cache(maxsize=1000)
def _loaded(font: Path, size: int) -> tuple[ImageFont.FreeTypeFont, int, int]:
    """A font in which LETTERS are so high, and where they begin and end, counted from the baseline."""
    # The layout of a library that only some have would draw other pictures.
    layout = ImageFont.Layout.BASIC
    large = ImageFont.truetype(font, 200, layout_engine=layout).getbbox(LETTERS, anchor="ls")
    loaded = ImageFont.truetype(font, 200 * size / (large[3] - large[1]), layout_engine=layout)
    _, top, _, bottom = loaded.getbbox(LETTERS, anchor="ls")
    return loaded, int(top), int(bottom)


def _warped(ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Slant and stretch a line, and let its letters and its baseline waver, so that no two are alike.

    Args:
        ink: 255 where there is ink, uint8 `(height, width)`.
        generator: the chance.

    Returns:
        Ink, float32 `(height, new width)`, 0 to 1.
    """
    height, width = ink.shape
    slant = generator.uniform(-0.1, 0.2)
    stretch = generator.uniform(0.85, 1.1)
    new_width = round(width * stretch + abs(slant) * height)
    y, x = np.mgrid[:height, :new_width].astype("float32")
    baseline, higher, further = (
        np.sin(x * (2 * np.pi / generator.uniform(*period)) + (y / 15 + generator.uniform(0, 2 * np.pi)))
        for period in ((120, 400), (25, 60), (25, 60))  # pixels
    )
    source_y = y + 1.5 * baseline + 0.7 * higher + (x / new_width - 0.5) * generator.uniform(-2, 2)
    source_x = (x + slant * (y - (height if slant > 0 else 0))) / stretch + 0.8 * further
    return map_coordinates(ink / np.float32(255), (source_y, source_x), order=1)


def _on_paper(ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Put ink on paper, of a pen that chance makes thin or thick, dark or light, with grain.

    Args:
        ink: float32 `(height, width)`, 0 to 1.
        generator: the chance.

    Returns:
        Pixels, uint8 `(height, width)`.
    """
    along = np.linspace(0, 1, ink.shape[1], dtype="float32")
    paper = generator.uniform(210, 250) + generator.uniform(-12, 12) * along
    pressure = np.sin(generator.uniform(0, 2 * np.pi) + generator.uniform(5, 40) * along)
    dark = generator.uniform(15, 100) + 15 * pressure
    grain = generator.uniform(1, 5) * generator.standard_normal(ink.shape, "float32")
    # Pixels that are partly covered are the edges of strokes: the darker they are, the thicker these.
    ink = np.minimum(ink * generator.uniform(0.8, 2.5), 1)
    return np.clip(paper - ink * (paper - dark) + grain, 0, 255).astype("uint8")
