"""Tables that name files: where these are, and what else the rows say of them."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from rnnapps.data.row import Row
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UserError, brief


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
