"""The text of files as people have them: compressed, in an encoding, or no text at all."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import UserError

COMPRESSIONS: dict[str, tuple[int, bytes, Callable[[bytes], bytes]]] = {  # what such bytes have where
    ".xz": (0, b"\xfd7zXZ\0", lzma.decompress),
    ".gz": (0, b"\x1f\x8b\x08", gzip.decompress),
    ".bz2": (4, b"1AY&SY", bz2.decompress),
}
MARKS = {  # the longer ones first: that of UTF-16 is the beginning of one of UTF-32
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_TEXT = {  # how such files begin, and what to do with them
    b"PAR1": "a Parquet file: write it as CSV or JSONL, for example with pandas",
    b"ARROW1": "an Arrow file: write it as CSV or JSONL, for example with pandas",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook (.xls): save it as CSV (UTF-8)",
    b"SQLite format 3\0": "an SQLite database: export its table as CSV",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file: write it as CSV or JSONL",
    b"%PDF-": "a PDF file: save its text",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard: decompress it with zstd -d",
    b"Rar!\x1a\x07": "a RAR archive: unpack it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file itself with git lfs pull",
}


def read_text(path: Path, config: TableSourceConfig | None = None) -> str:
    """The text of a file, which may be compressed with xz, gzip or bzip2, whatever its name.

    It is in UTF-8, or as its byte order mark says, or else in the encoding of `config`.

    Raises:
        UserError: no such file, no text but, say, an Excel workbook, or another encoding; with the line.
    """
    return decode(path, read_bytes(path), config)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, decompressed.

    Raises:
        UserError: no such file, or damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder, a file was expected") from None
    if suffix := _compression(data):
        try:
            return COMPRESSIONS[suffix][2](data)
        except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
            raise UserError(f"{path}: a damaged {suffix[1:]} file: {error}") from None
    if (suffix := path.suffix.lower()) in COMPRESSIONS:
        raise UserError(f"{path}: not a readable {suffix[1:]} file: it does not begin like one")
    return data


def kind_of(path: Path) -> str:
    """The suffix of a file in lower case, that of its compression apart: `.csv` of `ROWS.CSV.gz`."""
    compressed = path.suffix.lower() in COMPRESSIONS
    return (path.with_suffix("") if compressed else path).suffix.lower()


def _compression(data: bytes) -> str | None:
    """The suffix of the compression that bytes have, whatever their file is called."""
    return next(
        (one for one, (at, magic, _) in COMPRESSIONS.items() if data.startswith(magic, at)), None
    )


def decode(path: Path, data: bytes, config: TableSourceConfig | None = None) -> str:
    """The text of the bytes of a file: see `read_text`."""
    if kind := not_text(data):
        raise UserError(f"{path}: this is {kind}")
    encoding = config and config.encoding
    mark = next((mark for mark in MARKS if data.startswith(mark)), None)
    if mark is not None:
        encoding = MARKS[mark]
    elif not encoding and 5 * data.count(0, 0, 4096) > len(data[:4096]):
        flag = ", or give --encoding utf-16-le" if config else ""
        raise UserError(
            f"{path}: zero bytes, as in UTF-16 without a byte order mark: save it as UTF-8{flag}"
        )
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = (encoding or "utf-8").upper().removesuffix("-SIG")
        flag = ", or name its encoding, such as --encoding cp1252" if config else ""
        raise UserError(
            f"{path}:{line}: not {what} (byte 0x{data[error.start]:02x}): convert the file, for example "
            f"with: iconv -f cp1252 -t utf-8{flag}"
        ) from None


def problem_of_beginning(data: bytes) -> str | None:
    """Why a file that begins like this cannot be read as lines of UTF-8 one after the other, or None."""
    if suffix := _compression(data):
        return f"compressed ({suffix[1:]}): decompress it"
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8-sig")
    if encoding != "utf-8-sig":
        return f"in {encoding.upper()}: convert it, for example with: iconv -f {encoding} -t utf-8"
    return not_text(data)


def lines_of(text: str) -> list[str]:
    """The lines of a text, which end at "\\n", or all at "\\r", as on old Macs.

    U+2028 and its like may stand in a line. A "\\r" before "\\n" stays.
    """
    return (text if "\n" in text else text.replace("\r", "\n")).split("\n")


def first_line(text: str) -> str:
    """The first line that is not empty, wherever lines end."""
    return text.lstrip("\r\n").partition("\n")[0].partition("\r")[0]


def not_text(data: bytes) -> str | None:
    """What bytes are that are certainly no text, and what to do with them."""
    for magic, kind in NOT_TEXT.items():
        at_both_ends = magic not in (b"PAR1", b"ARROW1") or data.endswith(magic)
        if data.startswith(magic) and at_both_ends:
            return kind
    if data.startswith(b"PK\x03\x04"):
        return _zip(data)
    if data[257:262] == b"ustar":
        return "a tar archive: unpack it"
    if data[:1] == b"\x80" and data[1:2] in b"\2\3\4\5" and data[-1:] == b".":
        return "a pickle of Python, which could run code and is not read: write it as CSV or JSONL"
    if data[:256].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page, perhaps in place of the file that was to be downloaded"
    return None


def _zip(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return "a zip archive, or a part of one, such as an Excel workbook (.xlsx): unpack it"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx): save it as CSV (UTF-8)"
    return f"a zip archive of {len(names):,} files: unpack it"
