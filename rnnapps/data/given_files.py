"""Files that a user names, one by one or by their folders."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rnnapps.errors import UserError


def given_files(names: Sequence[str], suffixes: Sequence[str], what: str) -> Iterator[Path]:
    """The files as they are named, and those with a suffix in folders and below them, by name.

    Raises:
        UserError: a folder has none; `what` says of what kind.
    """
    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes)
        if not found:
            raise UserError(f"{path}: no {what} in it ({', '.join(suffixes)})")
        yield from found
