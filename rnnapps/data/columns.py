"""Examples in memory: the columns of a table, as lists, arrays or a pandas DataFrame."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.errors import UserError

MEMORY = "memory"  # what stands for `--data` in the bundle


def rows_in_memory(examples: Any) -> dict[str, list[Row]]:
    """The rows of a table in memory, which are all "train", or of several, by split.

    Args:
        examples: a mapping from the names of columns to lists, NumPy arrays or other sequences of one
            length, or a pandas DataFrame; or a mapping from "train", "validation" and "test" to such.

    Raises:
        UserError: it is none of these, or has columns of unequal length or no rows.
    """
    names = _names(examples, "examples")
    if names and set(names) <= set(SPLIT_NAMES):
        tables = {SPLIT_NAMES[name]: (f"examples['{name}']", examples[name]) for name in names}
    else:
        tables = {"train": ("examples", examples)}
    return {split: _rows(table, where) for split, (where, table) in tables.items()}


def _rows(table: Any, where: str) -> list[Row]:
    columns = {str(name): list(table[name]) for name in _names(table, where)}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise UserError(f"{where}: columns of one length are needed, got {lengths or 'none'}")
    rows = zip(*columns.values(), strict=True)
    found = [
        Row(
            f"{where}[{number}]", {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        )
        for number, row in enumerate(rows)
    ]
    if not found:
        raise UserError(f"{where}: there are no rows")
    return found


def _names(table: Any, where: str) -> list[Any]:
    if isinstance(table, Mapping) or hasattr(table, "columns"):
        return list(table)
    raise UserError(
        f"{where}: a {type(table).__name__}: expected columns by name, such as "
        f"{{'text': [...], 'label': [...]}}, or a DataFrame"
    )


def _plain(value: Any) -> Any:
    """A value as a table in a file would have it: numbers are text, what is missing is empty."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return str(value)
    return str(value) if isinstance(value, np.str_) else value
