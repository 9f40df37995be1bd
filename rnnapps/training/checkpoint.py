"""One file that holds all that the next training step depends on."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.errors import UserError


def write(file: Path, arrays: Mapping[str, Any], facts: dict) -> None:
    """Write a checkpoint: interrupted at any point, `file` is the old one or the new one, whole."""
    content = io.BytesIO()
    np.savez(content, facts=np.array(json.dumps(facts)), **arrays)
    temporary = file.with_name(file.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        before = ": the checkpoint before it stands" if file.exists() else ""
        raise UserError(f"{file}: cannot be written: {error.strerror}{before}") from error


def read(file: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Read what `write` wrote.

    Raises:
        UserError: the file is not a whole checkpoint.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            arrays = dict(content)
        return arrays, json.loads(str(arrays.pop("facts")))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{file}: not a readable checkpoint ({error}): start again with --overwrite"
        ) from None
