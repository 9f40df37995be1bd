"""Make `emoji.webp` and `emoji.tsv.xz` from two npm packages.

    npm pack emoji-datasource-google@16.0.0 emojibase-data@17.0.0
    python -m rnnapps.datasets.emoji.make emoji-datasource-google-16.0.0.tgz emojibase-data-17.0.0.tgz

The first has the pictures, the second the names in 28 languages, of which LANGUAGES are taken. A picture
and its names are matched by their code points without the variation selector FE0F. The same packages
give the same pixels and the same table, and with the same libwebp (1.6.0 in pillow 13.0.0) the same
files, byte for byte. It takes a minute.
"""

import hashlib
import io
import json
import lzma
import sys
import tarfile
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

PICTURES_SHA256 = "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438"
NAMES_SHA256 = "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a"
LANGUAGES = ("en", "de", "es", "fr", "hi", "it", "ja", "ko", "pt", "ru", "zh")
SIZE = 64  # pixels, of the side of a picture
COLUMNS = 62  # pictures, in a row of the sheet: makes it about square

SELECTOR, JOINER, FACING_RIGHT = "FE0F", "200D", "27A1"
TONES = {
    "1F3FB": "light",
    "1F3FC": "medium-light",
    "1F3FD": "medium",
    "1F3FE": "medium-dark",
    "1F3FF": "dark",
}
PERSONS = {"1F9D1": "person", "1F468": "man", "1F469": "woman"}
SIGNS = {"2640": "woman", "2642": "man"}  # after a person of another code: 1F9D7-200D-2640 climbs


class Parts(NamedTuple):
    """What a hexcode says: what is shown, who does it, and of which skin tones they are.

    Attributes:
        scene: the codes of what is shown, with P for each person.
        persons: "man", "woman", "woman man" and so on, or "" where it does not say.
        tones: "light", "light dark" and so on, or "" where it is yellow.
    """

    scene: str
    persons: str
    tones: str


def parts_of(hexcode: str) -> Parts:
    """Take a hexcode apart; the direction in which someone faces is left out."""
    scene, persons, tones = [], [], []
    for position, code in enumerate(hexcode.split("-")):
        if code in PERSONS:
            scene.append("P")
            persons.append(PERSONS[code])
        elif position and code in TONES:
            tones.append(TONES[code])
        elif position and code in SIGNS:
            persons.append(SIGNS[code])
        elif code != JOINER and not (position and code == FACING_RIGHT):
            scene.append(code)
    return Parts("-".join(scene), " ".join(persons), " ".join(tones))


def combinations(hexcodes: list[str]) -> dict[str, tuple[str, str]]:
    """The base and the variant of each emoji that combines parts which others have too.

    - Someone who does something, where others do it too: the variant is the person, so that all skin
      tones and directions of "woman climbing" are one combination, of the base "climbing".
    - Otherwise, of a hand, of one person, or of two with a skin tone each: the variant is the tone or
      the pair of tones.

    An emoji that has no sibling is left out.
    """
    parts = {hexcode: parts_of(hexcode) for hexcode in hexcodes}
    persons = defaultdict(set)
    for scene, person, _ in parts.values():
        persons[scene].add(person)
    pairs = {scene for scene, _, tones in parts.values() if " " in tones}
    combined = {}
    for hexcode, (scene, person, tones) in parts.items():
        if len(persons[scene]) > 1 and scene not in pairs:
            combined[hexcode] = (scene, person or "person")
        else:
            combined[hexcode] = (f"{scene} {person}".rstrip(), tones or "none")
    variants = defaultdict(set)
    for base, variant in combined.values():
        variants[base].add(variant)
    return {code: (base, which) for code, (base, which) in combined.items() if len(variants[base]) > 1}


def read_names(package: tarfile.TarFile) -> dict[str, dict[str, str]]:
    """For each hexcode, in the order of Unicode: its group, subgroup and names by language."""

    def load(name: str):
        return json.load(package.extractfile(f"package/{name}.json"))

    keys = load("meta/groups")
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        emoji = [one for base in load(f"{language}/data") for one in (base, *base.get("skins", ()))]
        for one in sorted(emoji, key=lambda one: one.get("order", 0)):
            row = found.setdefault(
                _without_selector(one["hexcode"]),
                {
                    "group": keys["groups"].get(str(one.get("group")), ""),
                    "subgroup": keys["subgroups"].get(str(one.get("subgroup")), ""),
                },
            )
            row[language] = one["label"]
    return found


def read_pictures(package: tarfile.TarFile) -> dict[str, np.ndarray]:
    """The picture of each hexcode, uint8 RGBA `(64, 64, 4)`; zero where it is wholly transparent."""
    pictures = {}
    for member in package:
        file = PurePosixPath(member.name)
        if file.parent == PurePosixPath(f"package/img/google/{SIZE}"):
            picture = np.array(Image.open(package.extractfile(member)).convert("RGBA"))
            picture[picture[..., 3] == 0] = 0
            pictures[_without_selector(file.stem.upper())] = picture
    return pictures


def _without_selector(hexcode: str) -> str:
    return "-".join(code for code in hexcode.split("-") if code != SELECTOR)


def table(names: dict[str, dict[str, str]], pictures: dict[str, np.ndarray]):
    """The rows of the table, and the different pictures `(number, 64, 64, 4)` to which they refer.

    Emoji that share a picture share its number, and are no combination: it does not show one.

    Raises:
        KeyError: a picture without a name.
    """
    if missing := pictures.keys() - names.keys():
        raise KeyError(min(missing))
    numbers: dict[bytes, int] = {}
    codes = [hexcode for hexcode in names if hexcode in pictures]
    number_of = {code: numbers.setdefault(pictures[code].tobytes(), len(numbers)) for code in codes}
    shared = {number for number, count in Counter(number_of.values()).items() if count > 1}
    combined = combinations([code for code in codes if number_of[code] not in shared])
    rows = []
    for code in codes:
        base, variant = combined.get(code, ("", ""))
        row = {"hexcode": code, "picture": str(number_of[code]), "base": base, "variant": variant}
        rows.append(row | names[code])
    different = np.stack([np.frombuffer(picture, "uint8") for picture in numbers])
    return rows, different.reshape(-1, SIZE, SIZE, 4)


def sheet(pictures: np.ndarray) -> Image.Image:
    """The pictures in rows of COLUMNS, the last row filled with transparency."""
    rows = -(-len(pictures) // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, SIZE, SIZE, 4), "uint8")
    tiles[: len(pictures)] = pictures
    grid = tiles.reshape(rows, COLUMNS, SIZE, SIZE, 4).swapaxes(1, 2)
    return Image.fromarray(grid.reshape(rows * SIZE, COLUMNS * SIZE, 4))


def write(rows: list[dict[str, str]], pictures: np.ndarray, folder: Path) -> None:
    """Write the table and the sheet, whose wholly transparent pixels get whatever colour is shortest."""
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    content = "".join(f"{line}\n" for line in lines).encode("utf-8")
    (folder / "emoji.tsv.xz").write_bytes(lzma.compress(content, preset=9))
    sheet(pictures).save(folder / "emoji.webp", lossless=True, method=6, quality=100)


def opened(package: str, sha256: str, name: str) -> tarfile.TarFile:
    data = Path(package).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"error: {package} is not the npm package {name}")
    return tarfile.open(fileobj=io.BytesIO(data))


def main(pictures: str, names: str) -> None:
    with (
        opened(pictures, PICTURES_SHA256, "emoji-datasource-google 16.0.0") as picture_package,
        opened(names, NAMES_SHA256, "emojibase-data 17.0.0") as name_package,
    ):
        rows, different = table(read_names(name_package), read_pictures(picture_package))
    target = Path(__file__).parent
    write(rows, different, target)
    sizes = {file.name: file.stat().st_size for file in sorted(target.glob("emoji.*"))}
    print(f"{target}: {len(rows)} emoji, {len(different)} different pictures: {sizes}")


if __name__ == "__main__":
    main(*sys.argv[1:])
