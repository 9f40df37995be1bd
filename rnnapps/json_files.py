"""JSON from anyone: read in bounded time and memory, or refused."""

import json
import stat
from pathlib import Path
from typing import Any

LARGEST = 16_000_000  # bytes: a vocabulary of 100,000 tokens has 4 million


def read_json(file: Path) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no JSON, no plain file (a device, a link), or too large.
    """
    about = file.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError(f"{file.name} is no plain file")
    if about.st_size > LARGEST:
        raise ValueError(f"{file.name} has {about.st_size:,} bytes: at most {LARGEST:,} are read")
    return parse_json(file.read_bytes(), file.name)


def parse_json(content: bytes, name: str) -> Any:
    """The value of a JSON file's content.

    Raises:
        ValueError: it is no JSON in UTF-8, or nested too deep; the message calls it `name`.
    """
    try:
        value = json.loads(content.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # no half of a character
    except (ValueError, RecursionError):  # UnicodeError is one
        raise ValueError(f"{name} is not JSON") from None
    return value
