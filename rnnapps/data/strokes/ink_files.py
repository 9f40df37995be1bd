"""Ink from files and folders, in any of its forms."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnapps.data.lines.found_line import FoundLine
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.strokes import iam_ondb, inkml, json_strokes
from rnnapps.errors import UserError

SUFFIXES = (inkml.SUFFIX, *json_strokes.SUFFIXES)


def is_ink(path: Path) -> bool:
    """Whether a file or a folder has ink: JSON may have something else, as a table of pictures."""
    if path.is_dir():
        return (path / iam_ondb.STROKES).exists() or any(map(is_ink, _files(path)))
    suffix = path.suffix.lower()
    return suffix == inkml.SUFFIX or (suffix in json_strokes.SUFFIXES and json_strokes.has_strokes(path))


def list_ink(path: Path, config: LineSourceConfig) -> Iterator[FoundLine]:
    """The lines of a file or of a folder.

    A folder has the arrays of IAM-OnDB (`read_iam_ondb`), or any number of files in it and below it, in
    InkML (`find_inkml`) or JSON (`find_json_strokes`), which come by their names. Their split is that
    which the first folder below it names, or else a file: `test/a.inkml` and `test.jsonl`.

    Raises:
        UserError: no such file, another kind of file, or a folder without ink; see also the readers.
    """
    if (path / iam_ondb.STROKES).exists():
        yield from iam_ondb.read_iam_ondb(path, config)
        return
    files = list(filter(is_ink, _files(path))) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path}: no ink in it ({', '.join(SUFFIXES)}, or {iam_ondb.STROKES})")
    for file in files:
        below = file.relative_to(path).parts[:-1] if path.is_dir() else ()
        split = SPLIT_NAMES.get((below[0] if below else file.stem).lower(), "train")
        if _is_inkml(file):
            yield inkml.find_inkml(file, split, config)
        else:
            yield from json_strokes.find_json_strokes(file, split, config)


def read_ink(file: Path) -> list[tuple[str, np.ndarray]]:
    """Each line of a file with its name; its points are float32 `(points, 3)`.

    Raises:
        UserError: no such file, another kind of file, or see the readers.
    """
    if _is_inkml(file):
        return [(file.name, inkml.read_inkml(file))]
    return json_strokes.read_json_strokes(file)


def sample_of(file: Path) -> tuple[np.ndarray, str]:
    """The first line of a file of ink that has a text: its points, float32 `(points, 3)`, and the text.

    Raises:
        UserError: it has none; also as `list_ink`.
    """
    for line in list_ink(file, LineSourceConfig(data=str(file))):
        points = line.read()
        if isinstance(line.text, str) and line.text.strip():
            return points, line.text
    raise UserError(f"{file}: no line of ink that has a text")


def _is_inkml(file: Path) -> bool:
    """Whether a file is InkML, not JSON.

    Raises:
        UserError: it is neither, by its name.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{file}: unknown kind of ink: expected {', '.join(SUFFIXES)}")
    return suffix == inkml.SUFFIX


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.suffix.lower() in SUFFIXES)
