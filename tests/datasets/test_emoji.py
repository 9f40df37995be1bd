"""The embedded emoji are whole, and each has its picture, its names and what it combines."""

import hashlib
import io
import json
import tarfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.datasets.emoji import make

FOLDER = datasets.path("emoji")


@pytest.fixture(scope="module")
def table():
    return [row.fields for row in read_table(FOLDER / "emoji.tsv.xz")]


def tiles(file):
    """The pictures of a sheet, uint8 `(number, 64, 64, 4)`, zero where they are wholly transparent."""
    sheet = np.array(Image.open(file))
    sheet[sheet[..., 3] == 0] = 0  # WebP stores there whatever is shortest
    rows = sheet.reshape(-1, make.SIZE, make.COLUMNS, make.SIZE, 4)
    return rows.swapaxes(1, 2).reshape(-1, make.SIZE, make.SIZE, 4)


@pytest.fixture(scope="module")
def pictures():
    return tiles(FOLDER / "emoji.webp")


def test_pixels_are_those_of_the_package(pictures):
    assert not pictures[3767:].any()
    digest = hashlib.sha256(pictures[:3767].tobytes()).hexdigest()
    assert digest == "ae682b5d84ac3867bbc25137794a3dbf4ca28ed596296dd81bb3839fdfb7db2e"
    assert len({picture.tobytes() for picture in pictures[:3767]}) == 3767


@pytest.mark.parametrize(
    ("hexcode", "digest"),
    [
        # of the pixels of 1f600.png, 1f9d7-1f3fd-200d-2640-fe0f.png and 1f1f3-1f1f4.png in the package
        ("1F600", "05493a338041ff27f1b125c5c1209b03cec2deac708be321c12d9c5cf93a0703"),
        ("1F9D7-1F3FD-200D-2640", "89bf1687a091c1d74bca8352f0fbfa14a89510e04deeefde000ea24938ae88c4"),
        ("1F1F3-1F1F4", "f4db5873490897b088c89b97fc766202aa39b835adf9e33a90f92bc612ac0f01"),
    ],
)
def test_pictures_are_where_the_table_says(pictures, table, hexcode, digest):
    (number,) = (int(row["picture"]) for row in table if row["hexcode"] == hexcode)
    assert hashlib.sha256(pictures[number].tobytes()).hexdigest() == digest


def test_every_emoji_has_a_picture_and_names(table):
    assert len(table) == len({row["hexcode"] for row in table}) == 3786
    assert {int(row["picture"]) for row in table} == set(range(3767))
    assert tuple(table[0])[6:] == make.LANGUAGES
    for language in make.LANGUAGES:
        names = {row[language] for row in table}
        assert len(names) == 3786 and all(name and name == name.strip() for name in names)
    assert all(row["group"] and row["subgroup"] for row in table)
    rows = {row["hexcode"]: row for row in table}
    climbs = rows["1F9D7-1F3FD-200D-2640"]
    assert [climbs[name] for name in ("en", "de", "fr", "ja")] == [
        "woman climbing: medium skin tone",
        "Bergsteigerin: mittlere Hautfarbe",
        "femme qui grimpe\u202f: peau légèrement mate",
        "山を登る女: 中間の肌色",
    ]
    assert (climbs["base"], climbs["variant"]) == ("1F9D7", "woman")
    assert (climbs["group"], climbs["subgroup"]) == ("people-body", "person-activity")


def test_combinations(table):
    combined = [row for row in table if row["base"]]
    assert len(combined) == 2223
    variants = {base: set() for base in {row["base"] for row in combined}}
    for row in combined:
        variants[row["base"]].add(row["variant"])
    assert len(variants) == 178 and min(map(len, variants.values())) == 2
    assert variants["1F9D7"] == {"person", "man", "woman"}
    assert variants["1F44D"] == {"none", *make.TONES.values()}
    # An emoji that shares its picture with another combines nothing that could be seen.
    shared = {number for number, count in Counter(row["picture"] for row in table).items() if count > 1}
    assert all(row["picture"] not in shared for row in combined)


def test_they_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 8_100_000


def test_the_licence_has_its_texts():
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0" in text
    assert "Copyright (c) 2013 Cal Henderson" in text and "Copyright (c) 2017-2019 Miles Johnson" in text
    assert text.count("Permission is hereby granted") == 3 and "UNICODE LICENSE V3" in text


@pytest.mark.parametrize(
    ("hexcode", "parts"),
    [
        ("1F697", ("1F697", "", "")),
        ("1F44D-1F3FF", ("1F44D", "", "dark")),
        ("1F3FF", ("1F3FF", "", "")),  # the swatch
        ("2642", ("2642", "", "")),  # the sign
        ("1F9D7-1F3FD-200D-2640", ("1F9D7", "woman", "medium")),
        ("1F468-1F3FB-200D-1F33E", ("P-1F33E", "man", "light")),
        ("1F6B6-1F3FC-200D-2640-200D-27A1", ("1F6B6", "woman", "medium-light")),
        ("1F469-1F3FB-200D-1F91D-200D-1F468-1F3FF", ("P-1F91D-P", "woman man", "light dark")),
        ("1F468-200D-1F469-200D-1F467", ("P-P-1F467", "man woman", "")),
    ],
)
def test_parts_of_a_hexcode(hexcode, parts):
    assert make.parts_of(hexcode) == parts


def test_combinations_of_few():
    codes = ["1F9D7", "1F9D7-200D-2640", "1F9D7-1F3FF-200D-2640", "1F44D", "1F44D-1F3FF", "1F697"]
    assert make.combinations(codes) == {
        "1F9D7": ("1F9D7", "person"),
        "1F9D7-200D-2640": ("1F9D7", "woman"),
        "1F9D7-1F3FF-200D-2640": ("1F9D7", "woman"),
        "1F44D": ("1F44D", "none"),
        "1F44D-1F3FF": ("1F44D", "dark"),
    }
    pair = "1F469-1F3FB-200D-1F91D-200D-1F468-1F3FF"
    codes = [pair, "1F468-1F3FB-200D-1F91D-200D-1F468-1F3FF", pair.replace("1F3FB", "1F3FD")]
    assert make.combinations(codes) == {
        codes[0]: ("P-1F91D-P woman man", "light dark"),
        codes[2]: ("P-1F91D-P woman man", "medium dark"),
    }


class TestMake:
    """On a few emoji: the whole takes a download."""

    CODES = ("1F9D7", "1F9D7-1F3FF", "1F9D7-200D-2640-FE0F", "1F44D", "1F697", "1F68C")

    def packages(self, pictures):
        """Packages like the two, with the first pictures; that of 1F68C is that of 1F697."""
        icons = [*pictures[:5], pictures[4]]
        files = {}
        for code, icon in zip(self.CODES, icons, strict=True):
            stream = io.BytesIO()
            Image.fromarray(icon).save(stream, "PNG")
            files[f"img/google/64/{code.lower()}.png"] = stream.getvalue()
        files["img/google/sheets/64.png"] = files["img/google/64/1f697.png"]
        named = [{"hexcode": code, "group": 1, "subgroup": 2} for code in self.CODES]
        labels = {"meta/groups": {"groups": {"1": "people-body"}, "subgroups": {"2": "person-sport"}}}
        for language in make.LANGUAGES:
            emoji = [
                row | {"label": f"{language} {row['hexcode']}", "order": number}
                for number, row in enumerate(named)
            ]
            skin, *rest = emoji[1:]
            labels[f"{language}/data"] = [*rest, emoji[0] | {"skins": [skin]}]
        data = {f"{name}.json": json.dumps(content).encode() for name, content in labels.items()}
        return self.archive(files), self.archive(data)

    def archive(self, files):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(f"package/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return tarfile.open(fileobj=io.BytesIO(stream.getvalue()))

    def test_the_same_packages_make_the_same_files(self, pictures, tmp_path):
        written = []
        for folder in (tmp_path / "one", tmp_path / "two"):
            folder.mkdir()
            icons, labels = self.packages(pictures)
            with icons, labels:
                make.write(*make.table(make.read_names(labels), make.read_pictures(icons)), folder)
            written.append([(folder / name).read_bytes() for name in ("emoji.tsv.xz", "emoji.webp")])
        assert written[0] == written[1]
        rows = [row.fields for row in read_table(tmp_path / "one" / "emoji.tsv.xz")]
        assert [row["hexcode"] for row in rows] == [c.removesuffix("-FE0F") for c in self.CODES]
        assert [row["picture"] for row in rows] == ["0", "1", "2", "3", "4", "4"]
        assert [row["variant"] for row in rows] == ["person", "person", "woman", "", "", ""]
        assert rows[1]["de"] == "de 1F9D7-1F3FF" and rows[1]["subgroup"] == "person-sport"
        written = tiles(tmp_path / "one" / "emoji.webp")
        assert len(written) == make.COLUMNS and not written[5:].any()
        assert np.array_equal(written[:5], pictures[:5])

    def test_a_picture_without_a_name(self, pictures):
        icons, labels = self.packages(pictures)
        with icons, labels:
            names = make.read_names(labels)
            del names["1F697"]
            with pytest.raises(KeyError, match="1F697"):
                make.table(names, make.read_pictures(icons))

    def test_another_file_is_refused(self, tmp_path):
        (tmp_path / "a.tgz").write_bytes(b"other")
        with pytest.raises(
            SystemExit, match="a.tgz is not the npm package emoji-datasource-google 16.0.0"
        ):
            make.main(str(tmp_path / "a.tgz"), str(tmp_path / "a.tgz"))
