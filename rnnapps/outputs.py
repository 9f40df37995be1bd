"""Files that a command writes: refused before any work if they cannot be, and whole or not at all."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from rnnapps.errors import UserError

# Of what UTF-8 has no bytes for, as in the name of a file in another encoding: JSON has the same escape.
ESCAPED = "backslashreplace"


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
    """Write a file whole, or leave what stood there.

    Raises:
        OSError: it cannot be written, as where the disk is full; it names the file.
    """
    temporary = _temporary(file)
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except OSError as error:
        error.filename = str(file)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.tmp")


def write_json(file: Path, value: Any) -> None:
    """Write a JSON file for people and programs to read."""
    write(file, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode(errors=ESCAPED))


def print_json(value: Any) -> None:
    """Print a value as a line of JSON; what the console cannot encode is escaped as JSON has it."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value)
    print(line, flush=True)


class JSONLines:
    """A file with a JSON object a line: it gets its name when it is whole.

    A context manager. After an error about some of the inputs (`UserError`) the answers to the others
    are kept; after any other error, what stood there before.

    Args:
        file: its path; "-" is standard output, and None is nowhere.
    """

    def __init__(self, file: str | None):
        self.file = None if file in (None, "-") else Path(file)
        self.standard = file == "-"
        if self.file is not None:
            check_file(self.file)
            self._temporary = _temporary(self.file)

    def __enter__(self) -> "JSONLines":
        if self.file is not None:
            self._stream = self._temporary.open("w", encoding="utf-8", errors=ESCAPED)
        return self

    def write(self, value: Any) -> None:
        """Add a line."""
        if self.standard:
            print_json(value)
        elif self.file is not None:
            print(json.dumps(value, ensure_ascii=False), file=self._stream)

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        if self.file is None:
            return
        try:
            self._stream.close()
            if kind is None or issubclass(kind, UserError):
                self._temporary.replace(self.file)
        except OSError as error:
            error.filename = str(self.file)
            raise
        finally:
            self._temporary.unlink(missing_ok=True)
