"""The files of a bundle: their names, kinds, sizes and checksums, whoever wrote them."""

import hashlib
import itertools
import os
import stat
from collections.abc import Collection
from pathlib import Path

from rnnapps.errors import brief

STEPS = ("step.tflite", "step.onnx")  # of what was exported
MODEL, CONFIG, SUMS = "model.keras", "config.json", "SHA256SUMS"
NETWORKS = (".keras", *(Path(name).suffix for name in STEPS))  # the files that may be large
LARGEST_NETWORK, LARGEST_FILE, MOST_FILES = 4_000_000_000, 100_000_000, 1_000


def check_files(path: Path) -> None:
    """Compare the files of a bundle with its checksums.

    Time and memory are bounded, and nothing outside of the bundle is read.

    Raises:
        ValueError: a file is missing, altered, not listed, too large or no plain file, or the checksums
            are none.
    """
    files = _files(path)
    for name, expected in _sums(path, files).items():
        if name not in files:
            raise ValueError(f"{_shown(name)} is missing")
        if digest(path / name) != expected:
            raise ValueError(
                f"{name} is not the file that was written (its SHA-256 differs): copy or train it again"
            )


def seal(folder: Path) -> None:
    """Write the checksums of a folder's files, and all of them to the disk."""
    files = sorted(file for file in folder.iterdir() if not _of_the_system(file.name))
    lines = [f"{digest(file)}  {file.name}\n" for file in files]
    (folder / SUMS).write_text("".join(lines), encoding="ascii", newline="\n")
    for file in (*files, folder / SUMS):
        with file.open("r+b") as stream:  # Windows syncs only what may be written
            os.fsync(stream.fileno())


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _files(path: Path) -> set[str]:
    """The names of a bundle's files, all of them plain and of a size that can be read."""
    with os.scandir(path) as entries:
        names = [entry.name for entry in itertools.islice(entries, MOST_FILES + 1)]
    if len(names) > MOST_FILES:
        raise ValueError(f"more than {MOST_FILES:,} files")
    names = [name for name in names if not _of_the_system(name)]
    size = 0
    for name in names:
        about = (path / name).lstat()
        if not stat.S_ISREG(about.st_mode):
            raise ValueError(f"{_shown(name)} is no plain file (of a link, copy the target)")
        if about.st_size > (LARGEST_NETWORK if name.endswith(NETWORKS) else LARGEST_FILE):
            raise ValueError(f"{_shown(name)} has {about.st_size:,} bytes")
        size += about.st_size
    if size > LARGEST_NETWORK:
        raise ValueError(f"its files have {size:,} bytes")
    return set(names)


def _of_the_system(name: str) -> bool:
    """Whether a file is hidden, or put there by a file manager: `.DS_Store`, `._x`, `Thumbs.db`."""
    return name.startswith(".") or name.lower() in ("thumbs.db", "ehthumbs.db", "desktop.ini")


def _sums(path: Path, files: Collection[str]) -> dict[str, str]:
    try:
        lines = (path / SUMS).read_text(encoding="ascii").splitlines()
        sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    except ValueError:  # UnicodeDecodeError is one
        raise ValueError(f"{SUMS} is not a list of checksums") from None
    for name in sums:
        if name in ("", ".", "..", SUMS) or set(name) & set("/\\:") or not name.isprintable():
            raise ValueError(f"{SUMS} lists {_shown(name)}, which is no name of a file in the bundle")
    if extra := sorted(set(files) - {SUMS} - set(sums)):
        raise ValueError(f"{_shown(extra[0])} is not listed in {SUMS}")
    if CONFIG not in sums or not {MODEL, *STEPS} & set(sums):
        raise ValueError(f"{SUMS} lists no {MODEL} or no {CONFIG}")
    return sums


def _shown(name: str) -> str:
    """A name as it stands in a message."""
    return brief(name, 60)
