"""Examples in memory: the columns of a table, as lists, arrays or a pandas DataFrame."""

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.values import present
from rnnapps.errors import UserError

MEMORY = "memory"  # what stands for `--data` in the bundle


def rows_in_memory(examples: Any) -> dict[str, list[Row]]:
    """The rows of a table in memory, which are all "train", or of several, by split.

    Args:
        examples: a mapping from the names of columns to lists, NumPy arrays or other sequences of one
            length, or a pandas DataFrame; or a mapping from "train", "validation" and "test" to such.

    Raises:
        UserError: it is none of these, or has columns of unequal length or of one name, or no rows.
    """
    names = _names(examples, "examples")
    if names and set(names) <= set(SPLIT_NAMES):
        tables = {SPLIT_NAMES[name]: (f"examples['{name}']", examples[name]) for name in names}
    else:
        tables = {"train": ("examples", examples)}
    return {split: _rows(table, where) for split, (where, table) in tables.items()}


def _rows(table: Any, where: str) -> list[Row]:
    columns = {str(name): _column(table, name, where) for name in _names(table, where)}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise UserError(f"{where}: columns of one length are needed, got {lengths or 'none'}")
    rows = zip(*columns.values(), strict=True)
    found = [
        Row(f"{where}[{number}]", dict(zip(columns, row, strict=True)))
        for number, row in enumerate(rows)
    ]
    if not found:
        raise UserError(f"{where}: there are no rows")
    return found


def _names(table: Any, where: str) -> list[Any]:
    if isinstance(table, Mapping):
        names = list(table)
    elif hasattr(table, "columns"):
        names = list(table.columns)
    else:
        raise UserError(
            f"{where}: a {type(table).__name__}: expected columns by name, such as "
            f"{{'text': [...], 'label': [...]}}, or a DataFrame"
        )
    texts = [str(name) for name in names]
    if twice := [name for name in texts if texts.count(name) > 1]:
        raise UserError(f"{where}: two columns are named '{twice[0]}': rename one of them")
    return names


def _column(table: Any, name: Any, where: str) -> list[Any]:
    """The values of a column, "" where one is missing; a text is no column, though Python would take it
    for its letters.
    """
    column = table[name]
    if isinstance(column, (str, bytes, Mapping, Set)) or not hasattr(column, "__iter__"):
        raise UserError(
            f"{where}: the column '{name}' is a {type(column).__name__}: expected a list or an array"
        )
    kind = getattr(column, "dtype", None)
    if hasattr(column, "isna") and isinstance(kind, np.dtype) and kind.kind in "iufb":
        # Of pandas: at once, as a forecast waits for it.
        return ["" if value != value else value for value in column.tolist()]
    try:
        return list(map(present, column))
    except TypeError:  # an array without dimensions
        raise UserError(f"{where}: the column '{name}' has a single value: expected a list") from None
