"""The embedded pictures: emoji, which are held out so that what is tested are new combinations."""

import hashlib
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from rnnapps.data.combinations import hold_out_combinations
from rnnapps.data.pictures.captioned_picture import CaptionedPicture
from rnnapps.data.pictures.files import decode, fit
from rnnapps.data.splits import content_key
from rnnapps.data.tables import read_table
from rnnapps.errors import UserError

SIDE = 64  # pixels, of a picture in the sheet
NO_NAMES = ("hexcode", "picture", "base", "variant", "group", "subgroup")  # columns


def read_emoji(folder: Path, language: str) -> list[tuple[str, CaptionedPicture]]:
    """The pictures of a folder with `emoji.tsv.xz` and `emoji.webp`, each with its split.

    The captions of a picture are the names of all emoji that it stands for. A held-out picture shows a
    combination that is new ("woman climbing: dark skin tone"), of a base and words that training has.
    This is decided by the English names, so that the splits are the same in every language.

    Raises:
        UserError: a language in which they have no names.
    """
    rows = [row.fields for row in read_table(folder / "emoji.tsv.xz")]
    languages = [column for column in rows[0] if column not in NO_NAMES]
    if language not in languages:
        raise UserError(
            f"embedded: no names in '{language}': it has {', '.join(languages)}: choose with --language"
        )
    rows_of: dict[int, list[dict[str, str]]] = {}
    for row in rows:
        rows_of.setdefault(int(row["picture"]), []).append(row)
    splits = hold_out_combinations([_combination(shared[0]) for shared in rows_of.values()])
    sheet = folder / "emoji.webp"
    digest = hashlib.sha256(sheet.read_bytes()).hexdigest()
    pictures = [
        CaptionedPicture(
            pixels=partial(read_tile, sheet, number),
            captions=tuple(row[language] for row in shared),
            key=hashlib.sha256(f"{digest} {number}".encode()).hexdigest(),
            where=f"{sheet.name}: {shared[0]['hexcode']}",
        )
        for number, shared in rows_of.items()
    ]
    return list(zip(splits, pictures, strict=True))


def read_tile(sheet: Path, number: int, size: tuple[int, int]) -> np.ndarray:
    """A picture of a sheet, which holds them in rows, as `rnnapps.data.pictures.files.fit` gives it."""
    picture = _decoded(sheet)
    row, column = divmod(number, picture.width // SIDE)
    left, top = column * SIDE, row * SIDE
    return fit(picture.crop((left, top, left + SIDE, top + SIDE)), size)


@lru_cache(maxsize=1)
def _decoded(sheet: Path) -> Image.Image:
    return decode(sheet)


def _combination(row: dict[str, str]) -> tuple[str | None, set[str]]:
    """The name of the combination that an emoji is, if it is one, and the parts that it combines."""
    name = f"{row['base']} {row['variant']}" if row["base"] else None
    return name, {row["base"], *content_key(row["en"]).split()}
