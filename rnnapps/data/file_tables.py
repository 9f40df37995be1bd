"""Tables that name files: where these are, and what else the rows say of them."""

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from rnnapps.data.file_table_config import FileTableConfig
from rnnapps.data.row import Row
from rnnapps.data.row_sources import check_columns
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.tables import read_tables
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UserError, brief

log = logging.getLogger(__name__)


class FileRow(NamedTuple):
    """A row that names a file, and what it says of it.

    Attributes:
        where: the row.
        file: the name of the file, as the table has it.
        text: that of the file, as the table has it.
        split: "train", "validation" or "test".
        group: what is named in the first of the columns of groups, or "".
        problem: what is wrong with its split or its group, or None.
        fields: all of it.
    """

    where: str
    file: Any
    text: Any
    split: str
    group: str
    problem: str | None
    fields: dict[str, Any]


def file_rows(
    table: Path,
    folder: Path,
    config: FileTableConfig,
    known: Sequence[tuple[str, str]],
    groups: Sequence[str],
    what: str,
) -> Iterator[FileRow]:
    """The rows of a table, or of those of a folder; those of splits that are none are counted.

    Args:
        table: a file, or a folder with a table for each split.
        folder: what the places of rows are told in.
        config: how the table is written, and its columns.
        known: columns of file and text that are taken where the config has the first of these.
        groups: columns of what must not be divided.
        what: the rows are, in the plural.

    Raises:
        UserError: see `read_tables`; also a missing column.
    """
    others: Counter[str] = Counter()
    for given, rows in read_tables(table, config).items():
        asked = (config.file_column, config.text_column)
        if asked == known[0]:
            asked = next((pair for pair in known if set(pair) <= rows[0].fields.keys()), asked)
        check_columns(rows, asked, "--file-column and --text-column")
        for row in rows:
            where, split, group, problem = str(folder / row.where), "", "", None
            try:
                split, group = named(row, ("split",)), named(row, groups)
            except UserError as error:
                problem = f"{where}: {error}"
            if split and split.lower() not in SPLIT_NAMES:
                others[split] += 1
                continue
            file, text = (row.fields[column] for column in asked)
            split = SPLIT_NAMES[split.lower()] if split else given
            yield FileRow(where, file, text, split, group, problem, row.fields)
    for split, count in others.items():
        log.warning("%s: %d %s of the split '%.40s' are not used", table, count, what, split)


def named(row: Row, columns: Sequence[str]) -> str:
    """The name in the first of these columns that a row has and that is not empty, or "".

    Raises:
        UserError: a value that is no name.
    """
    for column in columns:
        value = row.fields.get(column, "")
        if problem := name_problem(value):
            raise UserError(f"'{column}': {problem}")
        if name := name_of(value):
            return name
    return ""


def find_file(name: Any, folders: Sequence[Path], suffixes: Sequence[str] = ()) -> Path:
    """The file of a name, which may be a path, in the first folder that has it.

    Args:
        name: as the table has it.
        folders: where files may be.
        suffixes: of files, which names may lack.

    Raises:
        UserError: no name, or no folder has it.
    """
    if not isinstance(name, str) or not name.strip():
        raise UserError("no file named")
    path = PurePosixPath(name.strip().replace("\\", "/"))
    files = [folder / f"{path}{suffix}" for suffix in ("", *suffixes) for folder in folders]
    found = next(
        (file for file in files if os.path.isfile(file)), None
    )  # of whatever letters and length
    if found is None:
        raise UserError(f"{brief(files[0])}: no such file")
    return found
