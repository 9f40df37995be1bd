"""Rows from CSV, TSV and JSON Lines files."""

import csv
import io
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path

from rnnapps.data.json_lines import json_objects
from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.errors import UserError

SUFFIXES = (".csv", ".tsv", ".jsonl")

csv.field_size_limit(sys.maxsize)  # the default of 131,072 characters refuses long documents


def read_table(path: Path) -> list[Row]:
    """Read every row of a CSV, TSV or JSONL file, which may be compressed with xz.

    The first line of a CSV or TSV file names the columns. In a TSV file a quotation mark is a
    character like any other. A JSONL file has one object a line; its numbers become text.

    Raises:
        UserError: no such file, another kind of file, empty, not UTF-8, or malformed; with the line.
    """
    text = read_text(path)
    kind = path.with_suffix("").suffix if path.suffix == ".xz" else path.suffix
    read = {".csv": _csv, ".tsv": _tsv, ".jsonl": _jsonl}.get(kind.lower())
    if read is None:
        raise UserError(f"{path}: unknown kind of file: expected {', '.join(SUFFIXES)} (or .xz)")
    rows = list(read(path, text))
    if not rows:
        raise UserError(f"{path}: the file has no rows")
    return rows


def read_tables(path: Path) -> dict[str, list[Row]]:
    """The rows of a table, which are all "train", or of the tables of a folder, by split.

    Raises:
        UserError: see `read_table`; also a folder without a training table, or with two of one split.
    """
    if not path.is_dir():
        return {"train": read_table(path)}
    tables: dict[str, Path] = {}
    for name, split in SPLIT_NAMES.items():
        for file in (path / f"{name}{suffix}" for suffix in SUFFIXES):
            if file.exists() and split in tables:
                raise UserError(f"{path}: both {tables[split].name} and {file.name}: keep one of them")
            if file.exists():
                tables[split] = file
    if "train" not in tables:
        raise UserError(f"{path}: the folder has no train.csv (or train.tsv, train.jsonl)")
    return {split: read_table(file) for split, file in tables.items()}


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, which may be compressed with xz.

    Raises:
        UserError: no such file, or not such a one; with the line.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".xz":
            data = lzma.decompress(data)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: this is a folder, a file was expected") from None
    except lzma.LZMAError as error:
        raise UserError(f"{path}: not a readable xz file: {error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02x}): convert the file, "
            f"for example with: iconv -f latin1 -t utf-8"
        ) from None


def _csv(path: Path, text: str) -> Iterator[Row]:
    return _delimited(path, csv.reader(io.StringIO(text, newline=""), strict=True))


def _tsv(path: Path, text: str) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    return _delimited(path, csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _delimited(path: Path, reader) -> Iterator[Row]:
    columns = None
    start = 1  # a quoted field may span lines: a row is named by its first
    try:
        for values in reader:
            where, start = f"{path.name}:{start}", reader.line_num + 1
            if not values:
                continue
            if columns is None:
                columns = values
            elif len(values) != len(columns):
                raise UserError(
                    f"{path.parent / where}: {len(values)} columns, but the first line has "
                    f"{len(columns)}"
                )
            else:
                yield Row(where, dict(zip(columns, values, strict=True)))
    except csv.Error as error:
        raise UserError(f"{path}:{start}: malformed: {error}") from None


def _jsonl(path: Path, text: str) -> Iterator[Row]:
    objects = json_objects(path, text)
    names = dict.fromkeys(name for fields in objects.values() for name in fields)
    for number, fields in objects.items():  # a field that a line leaves out is empty
        values = {name: fields.get(name) for name in names}
        yield Row(
            f"{path.name}:{number}",
            {name: "" if value is None else str(value) for name, value in values.items()},
        )
