"""From `--data` to the rows of tables in train, validation and test splits."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.row import Row
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.splits import divide
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.tables import read_tables
from rnnapps.data.tfds import PREFIX, PreparedSet
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UserError

log = logging.getLogger(__name__)


def read_rows(
    config: TableSourceConfig,
    columns: tuple[str, ...],
    embedded: Path,
    flags: str,
    problem: Callable[[Any], str | None],
    keys: Callable[[Any], Sequence[str]],
    examples: Any = None,
    read: Callable[[Path, TableSourceConfig | None], Mapping[str, list[Row]]] = read_tables,
) -> dict[str, list[Row]]:
    """Read a source of rows and divide it into the splits "train", "validation" and "test".

    A source that has these splits keeps them; what it lacks is taken from its training rows by the fixed
    hash of the first key. An input that stands in several splits stays in the last one only.

    Args:
        config: what to read.
        columns: the fields that the application needs; the first is the input, the others are names,
            such as that of a class, or "".
        embedded: the file that `--data embedded` stands for.
        flags: that name the columns, for errors.
        problem: says what is wrong with an input, or None.
        keys: what of an input must not stand in two splits.
        examples: instead of a source, rows that are in memory (`rnnapps.data.columns`).
        read: reads the rows of a path, by split.

    Raises:
        UserError: see `read_tables`, `PreparedSet` and `rows_in_memory`; also a missing column, and a
            row with a problem (left out with `--skip-bad`).
    """
    given: dict[str, list[Row]]
    if examples is not None:
        given = rows_in_memory(examples)
    elif config.data.startswith(PREFIX):
        given = read_tfds_rows(config, columns, flags)
    elif config.data == "embedded":
        given = dict(read(embedded, None))
    else:
        given = dict(read(Path(config.data), config))
    first, *names = columns

    def row_problem(row: Row) -> str | None:
        reason = problem(row.fields[first])
        for name in names:
            if not reason and (of_name := name_problem(row.fields[name])):
                reason = f"'{name}': {of_name}"
        return problem_of(row, reason)

    for split, rows in given.items():
        check_columns(rows, columns, flags)
        bad = BadRows(file_of(rows[0]), "rows", config.skip_bad)
        given[split] = [
            Row(row.where, row.fields | {name: name_of(row.fields[name]) for name in names})
            for row in bad.good(rows, row_problem)
        ]
    return divide(given, lambda row: keys(row.fields[first]), "rows")


def check_columns(rows: list[Row], columns: tuple[str, ...], flags: str) -> None:
    """Refuse rows that lack a column; `flags` are those that name the columns."""
    has = rows[0].fields
    if missing := [column for column in columns if column not in has]:
        names = ", ".join(name if len(name) <= 40 else f"{name[:40]}..." for name in has)
        # A row on the second line has a header above it, or what was taken for one.
        header = ", or add --no-header if its first line is a row" if rows[0].where[-2:] == ":2" else ""
        raise UserError(
            f"{file_of(rows[0])}: no column '{missing[0]}': it has {names}: choose with {flags}{header}"
        )


def problem_of(row: Row, reason: str | None) -> str | None:
    """What is wrong with a row, with its place, or None."""
    return reason and f"{row.where}: {reason}"


def file_of(row: Row) -> str:
    """The file, split of a data set, or table in memory that a row comes from."""
    return row.where.rstrip("0123456789]").rstrip(":[")


def read_tfds_rows(config: SourceConfig, columns: tuple[str, ...], flags: str) -> dict[str, list[Row]]:
    """The rows of a set of TensorFlow Datasets, by split.

    A split without any label (-1 in all rows, as in the test splits of GLUE) is not used.

    Raises:
        UserError: see `PreparedSet`.
    """
    prepared = PreparedSet(config, columns, f": choose with {flags}")
    splits: dict[str, list[Row]] = {}
    for theirs, ours in prepared.splits():
        rows = [
            Row(prepared.where(theirs, number), {c: prepared.value(c, row[c]) for c in columns})
            for number, row in enumerate(prepared.examples(theirs))
        ]
        if all("" in map(str, row.fields.values()) for row in rows):
            log.info("%s: the split %s has no labels and is not used", config.data, theirs)
        else:
            splits.setdefault(ours, []).extend(rows)
    return splits
