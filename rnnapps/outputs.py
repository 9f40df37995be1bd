"""Files that a command writes: refused before any work if they cannot be, and whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from rnnapps.errors import UserError


def check_folder(folder: Path) -> None:
    """Refuse a folder that does not exist or cannot be written to."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"{folder}: cannot write there: {error.strerror}") from None


def check_file(file: Path) -> None:
    """Refuse a file that is a folder, or whose folder cannot be written to."""
    if file.is_dir():
        raise UserError(f"{file}: is a folder: give a file")
    check_folder(file.parent)


def write(file: Path, content: bytes) -> None:
    """Write a file whole, or leave what stood there."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(file: Path, value: Any) -> None:
    """Write a JSON file for people and programs to read."""
    write(file, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())
