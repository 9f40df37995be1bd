"""The embedded lines: sentences drawn in fonts of handwriting, and strings of digits written by hand."""

import hashlib
import logging
import textwrap
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
from PIL import Image

from rnnapps.data.lines.drawing import DIGIT, draw_digits, draw_text, without
from rnnapps.data.lines.found_line import FoundLine
from rnnapps.data.row import Row
from rnnapps.data.splits import SPLITS, content_key
from rnnapps.data.tables import read_table
from rnnapps.errors import UserError, brief

log = logging.getLogger(__name__)

FONTS = {  # those of training are the others
    "validation": ("la-belle-aurore", "schoolbell", "waiting-for-the-sunrise"),
    "test": ("grape-nuts", "homemade-apple", "kalam", "nothing-you-could-do", "shadows-into-light"),
}
TABLES = {"sentences/sentences.csv.xz": "text", "translation/en-fr.tsv.xz": "fr"}  # and their columns
LINES = {"train": 1500, "validation": 150, "test": 250}  # of each table
MORE_LINES = 20  # of each table for each font that a user gives
FONT_FILES = (".ttf", ".otf", ".woff2")
SHORTEST, LONGEST = 10, 45  # characters of a line
CHARACTERS = frozenset(  # which all fonts have; some draw a curved apostrophe like the straight one
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"$&'(),-./:;?ÀÇÉÊàâçèéêëîïôùûœ«»"
)
RARE = frozenset("0123456789KXYZÀÉÊ")  # too rare to be learned, if chance alone chose the sentences
STRINGS = {"train": 1500, "validation": 150, "test": 300}
DIGITS = {"train": (0, 560), "validation": (560, 640), "test": (640, 800)}  # of the 800 of each


def embedded_lines(folder: Path, kind: str, fonts: str | None = None) -> Iterator[FoundLine]:
    """The lines of the embedded data, whose pictures are drawn when they are read, always the same.

    - "lines": English and French sentences, cut into lines of 10 to 45 characters and drawn in fonts of
      handwriting. No font and no text is in two splits. The group of a line is its font.
    - "digits": strings of 3 to 8 digits, written by hand and put side by side. No digit, as somebody
      once wrote it, is in two splits. Who wrote them is not known.

    Args:
        folder: that of all embedded data sets, `rnnapps/datasets`.
        kind: "lines" or "digits".
        fonts: a folder of more fonts, in which more training lines are drawn, or None.

    Raises:
        UserError: the folder has no font with all of CHARACTERS, or a damaged one.
    """
    return _lines(folder, fonts) if kind == "lines" else _strings(folder)


def _lines(folder: Path, more: str | None) -> Iterator[FoundLine]:
    fonts = sorted((folder / "handwriting").glob("*.woff2"))
    held_out = set(chain(*FONTS.values()))
    fonts_of = {split: [font for font in fonts if font.stem in names] for split, names in FONTS.items()}
    come = {font.stem for font in fonts}
    given = [font for font in _given(Path(more)) if font.stem not in come] if more is not None else []
    fonts_of["train"] = [font for font in fonts if font.stem not in held_out] + given
    lines = LINES | {"train": LINES["train"] + MORE_LINES * len(given)}
    known: set[str] = set()  # lines of all splits, so that none comes twice
    found = [_texts(folder / table, column, known) for table, column in TABLES.items()]
    for split in reversed(SPLITS):
        texts = chain(*(islice(some, lines[split]) for some in found))
        for number, (where, text) in enumerate(texts):
            font = fonts_of[split][number % len(fonts_of[split])]
            read = partial(_drawn, text, font)
            yield FoundLine(f"{where} in {font.stem}", text, split, font.stem, read)


def _given(folder: Path) -> list[Path]:
    """The fonts of a folder that have CHARACTERS; which have not is logged."""
    if not folder.is_dir():
        raise UserError(f"--fonts {folder}: no such folder")
    fonts = sorted(file for file in folder.iterdir() if file.suffix.lower() in FONT_FILES)
    good = []
    for font in fonts:
        if lacking := without(font, CHARACTERS):
            log.info("left out: %s: it lacks %s", font, brief("".join(sorted(lacking)), 40))
        else:
            good.append(font)
    if not good:
        kinds = ", ".join(FONT_FILES)
        raise UserError(f"--fonts {folder}: no fonts ({kinds}) with the letters of English and French")
    return good


def _texts(table: Path, column: str, known: set[str]) -> Iterator[tuple[str, str]]:
    """The lines of sentences and the row of each, in an order that the hash of a sentence fixes."""

    def place(row: Row) -> int:
        sentence = row.fields[column]
        return _hash(sentence) // (1 if RARE.isdisjoint(sentence) else 8)

    for row in sorted(read_table(table), key=place):
        sentence = row.fields[column].replace("''", '"')  # which look the same
        width = 20 + _hash(sentence) % (LONGEST - 19)
        for line in textwrap.wrap(sentence, width, break_long_words=False, break_on_hyphens=False):
            text = " ".join(line.split())  # that before a French colon is not wrapped, but is a space
            key = content_key(text)
            fits = SHORTEST <= len(text) <= LONGEST and CHARACTERS.issuperset(text)
            if fits and key not in known:
                known.add(key)
                yield row.where, text


def _drawn(text: str, font: Path) -> np.ndarray:
    return draw_text(text, font, np.random.default_rng(_hash(f"{font.stem} {text}")))


def _strings(folder: Path) -> Iterator[FoundLine]:
    sheet = folder / "handwriting" / "digits.webp"
    for split, count in STRINGS.items():
        for number in range(count):
            where = f"{sheet.name}: {split} {number}"
            generator = np.random.default_rng(_hash(where))
            digits = generator.integers(10, size=generator.integers(3, 9)).tolist()
            takes = generator.integers(*DIGITS[split], size=len(digits)).tolist()
            read = partial(_side_by_side, sheet, digits, takes, where)
            yield FoundLine(where, "".join(map(str, digits)), split, None, read)


def _side_by_side(sheet: Path, digits: list[int], takes: list[int], where: str) -> np.ndarray:
    pictures = [_tiles(sheet)[digit, take] for digit, take in zip(digits, takes, strict=True)]
    return draw_digits(pictures, np.random.default_rng(_hash(f"{where} drawn")))


@lru_cache(maxsize=1)
def _tiles(sheet: Path) -> np.ndarray:
    """The digits of a sheet, uint8 `(10, 800, 20, 20)`, light on dark."""
    with Image.open(sheet) as picture:
        pixels = np.array(picture.convert("L"))
    rows, columns = (length // DIGIT for length in pixels.shape)
    tiles = pixels.reshape(rows, DIGIT, columns, DIGIT).swapaxes(1, 2)
    return tiles.reshape(10, -1, DIGIT, DIGIT)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
