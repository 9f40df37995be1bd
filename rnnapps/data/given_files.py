"""Files that a user names, one by one or by their folders."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rnnapps.errors import UserError

log = logging.getLogger(__name__)

Content = TypeVar("Content")


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


def read_in_groups(
    files: Sequence[Path], read: Callable[[Path], Content], size: int
) -> Iterator[list[tuple[Path, Content]]]:
    """Read files, a group at a time; one that cannot be read is named in a warning and left out.

    Args:
        files: to be read.
        read: gives the content of one, or raises a UserError.
        size: of a group, in which those that cannot be read count.

    Raises:
        UserError: behind the last group, if there were such files.
    """
    bad = 0
    for start in range(0, len(files), size):
        group = []
        for file in files[start : start + size]:
            try:
                group.append((file, read(file)))
            except UserError as error:
                bad += 1
                log.warning("%s", error)
        if group:
            yield group
    if bad:
        raise UserError(f"{bad} of {len(files)} files could not be read: see the lines above")
