"""Files that are compressed, in some encoding, or no text."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile

import pytest

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.text_files import lines_of, problem_of_beginning, read_text
from rnnapps.errors import UserError

TEXT = "Ça va, не 良い\n" * 3


def write(path, content):
    path.write_bytes(content)
    return path


def named(value):
    """A test's name without the bytes: those of an archive hold the time, and processes must agree."""
    return value if isinstance(value, str) else "content"


def archive(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.xz", "a.csv.bz2", "a"])
def test_what_is_compressed_is_known_by_its_content(tmp_path, name):
    for compress in (gzip.compress, lzma.compress, bz2.compress):
        assert read_text(write(tmp_path / name, compress(TEXT.encode()))) == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding):
    file = write(tmp_path / "a.csv", TEXT.encode(encoding))
    assert read_text(file) == TEXT
    if encoding != "utf-8":  # whatever is asked for
        assert read_text(file, TableSourceConfig(encoding="latin-1")) == TEXT


def test_an_encoding_that_is_asked_for(tmp_path):
    config = TableSourceConfig(encoding="cp1252")
    assert read_text(write(tmp_path / "a.csv", "5 € für".encode("cp1252")), config) == "5 € für"
    big = "\ufeffça".encode("utf-16-be")
    assert read_text(write(tmp_path / "a.csv", big)) == "ça"
    with pytest.raises(UserError, match="a.csv:1: not ASCII .byte 0xe7.: convert the file"):
        read_text(write(tmp_path / "a.csv", "ça".encode("latin-1")), TableSourceConfig(encoding="ascii"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT.encode("utf-16")[2:], "zero bytes, as in UTF-16 .* or give --encoding utf-16-le"),
        ("ok\nça\n".encode("latin-1"), ":2: not UTF-8 .* such as --encoding cp1252"),
        (archive("xl/workbook.xml"), "this is an Excel workbook .* save it as CSV"),
        (archive("a.csv", "b.csv"), "this is a zip archive of 2 files: unpack it"),
        (archive("a.csv")[:30], "this is a zip archive, or a part of one"),
        (b"PAR1" + bytes(8) + b"PAR1", "this is a Parquet file: write it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an old Excel workbook"),
        (pickle.dumps([1]), "this is a pickle of Python, which could run code"),
        (b"\n<!DOCTYPE html><html>", "this is a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "this is a pointer of Git LFS"),
        (gzip.compress(bytes(257) + b"ustar"), "this is a tar archive"),
        (gzip.compress(TEXT.encode())[:-9], "a damaged gz file"),
    ],
    ids=named,
)
def test_what_is_no_text_is_named(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        read_text(write(tmp_path / "a.csv", content), TableSourceConfig())


def test_lines():
    assert lines_of("a\rb") == ["a", "b"]
    assert lines_of("a\r\nb\u2028c\n") == ["a\r", "b\u2028c", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"x"), "compressed (gz): decompress it"),
        ("x".encode("utf-16"), "in UTF-16: convert it"),
        (archive("xl/a.xml")[:60], "a zip archive"),
        (b"x\n", ""),
        ("\ufeffx".encode(), ""),
    ],
    ids=named,
)
def test_the_first_line_tells_what_cannot_be_read_as_lines(content, message):
    assert (problem_of_beginning(content) or "").startswith(message)
