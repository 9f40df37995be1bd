"""Strokes in JSON: an object for each line of writing, in an array or one a line."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.lines.found_line import GROUPS, FoundLine, group_of
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.strokes.points import to_points
from rnnapps.data.tables import read_table
from rnnapps.data.text_files import problem_of_beginning
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UserError, brief

SUFFIXES = (".json", ".jsonl", ".ndjson")
LARGEST = 200_000_000  # bytes: the whole of IAM-OnDB has 100 million
BEGINNING = 65_536  # bytes in which strokes begin, where a file has some
FIELDS = ("strokes", "drawing")


def has_strokes(file: Path) -> bool:
    """Whether a JSON file has objects with strokes, by its first ones."""
    try:
        with file.open("rb") as stream:
            beginning = stream.read(BEGINNING)
    except OSError:
        return False
    return re.search(rb'"(%s)"\s*:\s*\[' % "|".join(FIELDS).encode(), beginning) is not None


def find_json_strokes(file: Path, split: str, config: LineSourceConfig) -> Iterator[FoundLine]:
    """The lines of a file, one for each object.

    - `strokes`: a list of strokes, each a list of points `[x, y]`. What more a point has, such as its
      time, is left out. Or, as Quick, Draw! has it, `drawing`: a list of strokes `[[x, ...], [y, ...]]`.
    - The text has the name that `--text-column` says; that of Quick, Draw! is `word`.
    - `writer` or `document`, if it is there, is the line's group, and `split` its split: train,
      validation or test.

    Args:
        file: its path.
        split: of objects that name none.
        config: its encoding, and the name of the text.

    Raises:
        UserError: no such file, larger than LARGEST, compressed, or see `read_table`. What is bad about
            one line is raised when it is read.
    """
    for row in _rows(file, config):
        where = str(file.parent / row.where)
        fields = row.fields
        named = str(fields.get("split") or split).strip().lower()
        yield FoundLine(
            where=where,
            text=fields.get(config.text_column, fields.get("word", "")),
            split=SPLIT_NAMES.get(named, split),
            group=group_of(fields),
            read=partial(_points, fields, where),
        )


def read_json_strokes(file: Path) -> list[tuple[str, np.ndarray]]:
    """Each line of a file with its `name`, or else its place; its points are float32 `(points, 3)`.

    Raises:
        UserError: see `find_json_strokes`; also a line that is bad.
    """
    return [
        (name_of(row.fields.get("name") or row.where), _points(row.fields, str(file.parent / row.where)))
        for row in _rows(file)
    ]


def _rows(file: Path, config: LineSourceConfig | None = None) -> list[Row]:
    try:
        with file.open("rb") as stream:
            beginning = stream.read(BEGINNING)
        size = file.stat().st_size
    except OSError as error:
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if problem := problem_of_beginning(beginning):
        raise UserError(f"{file}: this is {problem}")
    if not file.is_file():  # a device may have no end
        raise UserError(f"{file}: no plain file")
    if size > LARGEST:
        raise UserError(f"{file}: more than {LARGEST:,} bytes: divide it")
    return read_table(file, config)


def _points(fields: dict[str, Any], where: str) -> np.ndarray:
    for name in ("name", *GROUPS):
        if problem := name_problem(fields.get(name, "")):
            raise UserError(f"{where}: '{name}' is {problem}")
    named = fields.get("split") or "train"
    if str(named).strip().lower() not in SPLIT_NAMES:
        raise UserError(f"{where}: 'split' is '{brief(named, 40)}': expected train, validation or test")
    field = next((field for field in FIELDS if fields.get(field, "") != ""), None)
    if field is None:
        raise UserError(f"{where}: no 'strokes' in it: a list of lists of points [x, y] was expected")
    strokes = fields[field]
    if not isinstance(strokes, list):
        raise UserError(f"{where}: '{field}' is not a list of strokes")
    across = field == "drawing"
    form = "[[x, ...], [y, ...]]" if across else "[[x, y], ...]"
    read = []
    for number, stroke in enumerate(strokes, start=1):
        try:
            places = np.array(stroke).T if across else np.array(stroke)
        except ValueError:  # lists of several lengths
            places = np.array(None)
        if places.size and (places.ndim != 2 or places.shape[1] < 2 or places.dtype.kind not in "iuf"):
            raise UserError(f"{where}: stroke {number} of '{field}' is not {form} in numbers")
        if places.size:
            read.append(places[:, :2])
    return to_points(read, where)
