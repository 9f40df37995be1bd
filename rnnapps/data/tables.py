"""Rows from CSV, TSV, JSON and fastText files."""

import csv
import io
import re
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.json_lines import json_objects, parse_json
from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.text_files import COMPRESSIONS, first_line, kind_of, lines_of, read_text
from rnnapps.data.values import present
from rnnapps.errors import UserError

SUFFIXES = (".csv", ".tsv", ".jsonl")
LABEL = "__label__"  # what fastText has before a label

csv.field_size_limit(sys.maxsize)  # the default of 131,072 characters refuses long documents


def read_table(path: Path, config: TableSourceConfig | None = None) -> list[Row]:
    """Read every row of a file, which may be compressed.

    - `.csv`: the first line names the columns, unless `config` says that there is no such line.
      What divides them is a comma, or if the first line has none, a semicolon, a tabulator or a `|`.
    - `.tsv`: the same with tabulators; a quotation mark is a character like any other.
    - `.txt`: one of fastText, with columns `text` and `label`, if its first line begins with
      `__label__`; as `.tsv`, if that has a tabulator and Excel did not write it; otherwise as `.csv`.
    - `.jsonl`: one object a line; `.json`: the same, or an array of objects. Values stay what they are.

    Args:
        path: the file.
        config: its encoding, whether it has a header, and whether rows with other than the header's
            number of columns are left out.

    Raises:
        UserError: no such file, another kind of file, empty, in another encoding, two columns of one
            name, or malformed; with the line.
    """
    kind = kind_of(path)
    text = read_text(path, config)
    read = _READERS.get(kind)
    if read is None:
        raise UserError(
            f"{path}: unknown kind of file: expected {', '.join(_READERS)} (or compressed, such as "
            f"{SUFFIXES[0]}.gz)"
        )
    rows = list(read(path, text, config))
    if not rows:
        raise UserError(f"{path}: the file has no rows")
    return rows


def read_tables(path: Path, config: TableSourceConfig | None = None) -> dict[str, list[Row]]:
    """The rows of a table, which are all "train", or of the tables of a folder, by split.

    Raises:
        UserError: see `read_table`; also a folder without a training table, or with two of one split.
    """
    if not path.is_dir():
        return {"train": read_table(path, config)}
    return {split: read_table(file, config) for split, file in _split_tables(path).items()}


def has_tables(folder: Path) -> bool:
    """Whether a folder has a training table, by its name."""
    return any((folder / f"train{suffix}").exists() for suffixes in _suffixes() for suffix in suffixes)


def _suffixes() -> tuple[Sequence[str], ...]:
    """Those of tables, the common ones first: where they are, a `test.txt` is something else."""
    others = [suffix for suffix in _READERS if suffix not in SUFFIXES]
    return SUFFIXES, others, [f"{suffix}{end}" for suffix in _READERS for end in COMPRESSIONS]


def _split_tables(folder: Path) -> dict[str, Path]:
    """The table of each split of a folder that has one."""
    for suffixes in _suffixes():
        tables: dict[str, Path] = {}
        for name, split in SPLIT_NAMES.items():
            for file in (folder / f"{name}{suffix}" for suffix in suffixes):
                if file.exists() and split in tables:
                    raise UserError(
                        f"{folder}: both {tables[split].name} and {file.name}: keep one of them"
                    )
                if file.exists():
                    tables[split] = file
        if "train" in tables:
            return tables
    raise UserError(f"{folder}: the folder has no train.csv (or train.tsv, train.jsonl)")


def _csv(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    delimiter, skipped = "", 0
    if re.match(r"sep=[^\w\s]\s|sep=\t", text):  # Excel's hint to itself
        delimiter, skipped = text[4], 1
        text = text[5:].removeprefix("\r").removeprefix("\n")
    delimiter = delimiter or delimiter_of(first_line(text))
    lines = io.StringIO(text, newline="")
    return _delimited(path, csv.reader(lines, delimiter=delimiter, strict=True), config, skipped)


def delimiter_of(line: str) -> str:
    """What divides the columns of a CSV file, by its first line."""
    outside = "".join(line.split('"')[::2])  # of quotation marks
    return next((one for one in ",;\t|" if one in outside), ",")


def _tsv(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    return _delimited(path, csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), config)


def _txt(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    if text.lstrip().startswith(LABEL):
        return _fasttext(path, text, config)
    if "\t" in first_line(text) and not _is_of_excel(path):
        return _tsv(path, text, config)
    return _csv(path, text, config)


def _is_of_excel(path: Path) -> bool:
    """Whether a file is in UTF-16, as Excel's "Unicode Text", which is quoted as CSV is."""
    with path.open("rb") as stream:
        return stream.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)


def _delimited(
    path: Path, reader: Any, config: TableSourceConfig | None, skipped: int = 0
) -> Iterator[Row]:
    bad = BadRows(path.name, "rows", config.skip_bad) if config else None
    columns: list[str] | None = None
    good, start = 0, 1 + skipped  # a quoted field may span lines: a row is named by its first
    try:
        for values in reader:
            where, start = f"{path.name}:{start}", reader.line_num + 1 + skipped
            if not values:
                continue
            if columns is None and config and not config.header:
                columns = [str(number) for number in range(1, len(values) + 1)]
            elif columns is None:
                columns = [value.strip() for value in values]
                check_names(columns, f"{path.parent / where}", config)
                continue
            if len(values) == len(columns):
                good += 1
                yield Row(where, dict(zip(columns, values, strict=True)))
                continue
            problem = f"{len(values)} columns, but the first line has {len(columns)}"
            if bad is None:
                raise UserError(f"{path.parent / where}: {problem}")
            bad.add(f"{path.parent / where}: {problem}")
    except csv.Error as error:
        raise UserError(f"{path}:{start}: malformed: {error}") from None
    if bad is not None:
        bad.report(good)


def check_names(columns: Sequence[str], where: str, config: TableSourceConfig | None = None) -> None:
    """Refuse two columns of one name; those without a name are never asked for.

    Raises:
        UserError: there are two.
    """
    for name in columns:
        if name and columns.count(name) > 1:
            flag = ", or add --no-header if this is a row" if config else ""
            raise UserError(f"{where}: two columns are named '{name}': rename one of them{flag}")


def _fasttext(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    """Lines `__label__NAME text`; the label of one with several is a list, which no class has."""
    for number, line in enumerate(lines_of(text), start=1):
        words = line.split()
        labels = [word.removeprefix(LABEL) for word in words if word.startswith(LABEL)]
        rest = line.strip().removeprefix(f"{LABEL}{labels[0]}").strip() if labels else line
        if words:
            label = labels[0] if len(labels) == 1 else labels or ""
            yield Row(f"{path.name}:{number}", {"text": rest, "label": label})


def _jsonl(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    objects = json_objects(path, text)
    return _of_objects({f"{path.name}:{number}": fields for number, fields in objects.items()})


def _json(path: Path, text: str, config: TableSourceConfig | None) -> Iterator[Row]:
    if text.lstrip()[:1] == "{":
        lines = [line for line in lines_of(text) if line.strip()]
        if len(lines) > 1 and not lines[0].rstrip().endswith("}"):
            raise UserError(f"{path}: expected an array of objects, or an object a line")
        return _jsonl(path, text, config)
    objects = parse_json(str(path), text)
    if not isinstance(objects, list):
        raise UserError(f"{path}: expected an array of objects, or an object a line")
    for number, fields in enumerate(objects):
        if not isinstance(fields, dict):
            raise UserError(f"{path}[{number}]: not a JSON object")
    return _of_objects({f"{path.name}[{number}]": fields for number, fields in enumerate(objects)})


def _of_objects(objects: dict[str, dict[str, Any]]) -> Iterator[Row]:
    names = dict.fromkeys(name for fields in objects.values() for name in fields)
    for where, fields in objects.items():  # a field that is left out is missing
        yield Row(where, {name: present(fields.get(name)) for name in names})


_READERS = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _jsonl,
    ".json": _json,
    ".ndjson": _jsonl,
    ".txt": _txt,
}
