"""The lines of IAM-OnDB (Liwicki and Bunke 2005), kept as arrays."""

import logging
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from rnnapps.data.lines.found_line import FoundLine
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.points import to_points
from rnnapps.data.tables import read_table
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

STROKES, LINES, LISTS = "strokes.npz", "lines.tsv", "splits"
KINDS = {"dx": "int16", "dy": "int16", "end": "uint8", "lengths": "int32"}
LARGEST = 100_000_000  # bytes of an array; the largest of IAM-OnDB has 15 million
SPLIT_OF_LIST = {"trainset": "train", "testset_v": "validation", "testset_f": "test"}
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError)
LEFT_OUT = "testset_t"  # of the benchmark, a second validation set


def read_iam_ondb(folder: Path, config: LineSourceConfig) -> Iterator[FoundLine]:
    """The lines of a folder, by their order in it; the group of a line is its form.

    - `strokes.npz` has `dx` and `dy`, int16 `(points,)`: the way from the point before; of the first
      point of a line, its position. `lengths`, int32 `(lines,)`: the points of each line. `end`, uint8
      `(points / 8,)`: a bit for each point, 1 where the pen leaves the paper.
    - `lines.tsv` has the id and the text of each line, in the same order, and no header. The form of
      `a01-000u-06` is `a01-000u`.
    - `splits`, if it is there, has the lists of forms of the benchmark IAM-OnDB-t1: `trainset.txt`,
      `testset_v.txt` (validation) and `testset_f.txt` (test). Lines of `testset_t.txt` and of no list
      are left out and counted.

    Raises:
        UserError: a file is missing or damaged, they do not fit each other, or a form is in two lists.
    """
    rows = read_table(folder / LINES, replace(config, header=False, skip_bad=False))
    file = folder / STROKES
    arrays = {name: _array(file, name, kind) for name, kind in KINDS.items()}
    lengths = arrays["lengths"].astype("int64")
    points = len(arrays["dx"])
    if len(lengths) != len(rows):
        raise UserError(f"{file}: {len(lengths):,} lines, but {LINES} has {len(rows):,}")
    if (lengths < 0).any() or lengths.sum() != points or len(arrays["dy"]) != points:
        raise UserError(f"{file}: damaged: its lengths do not add up to its points")
    if len(arrays["end"]) != -(-points // 8):
        raise UserError(f"{file}: damaged: 'end' has not a bit for each point")
    offsets = np.stack([arrays["dx"], arrays["dy"]], axis=1)
    lifts = np.unpackbits(arrays["end"], count=points)
    split_of_form = _lists(folder / LISTS, config) if (folder / LISTS).is_dir() else None
    left_out: Counter[str] = Counter()
    stops = lengths.cumsum().tolist()
    for row, start, stop in zip(rows, [0, *stops[:-1]], stops, strict=True):
        where = str(folder / row.where)
        if len(row.fields) != 2:
            raise UserError(f"{where}: {len(row.fields)} columns: an id and a text were expected")
        name, text = row.fields.values()
        form = name.strip().rpartition("-")[0] or name
        split = "train" if split_of_form is None else split_of_form.get(form, "no list")
        if split in (LEFT_OUT, "no list"):
            left_out[split] += 1
            continue
        read = partial(_points, offsets[start:stop], lifts[start:stop], where)
        yield FoundLine(where, text, split, form, read)
    for name, count in left_out.items():
        log.warning("%s: %d lines of %s are not used", folder, count, name)


def _array(file: Path, name: str, kind: str) -> np.ndarray:
    """A vector of an npz file, of which nothing is believed that its content does not bear out."""
    try:
        with zipfile.ZipFile(file) as archive:
            entry = archive.getinfo(f"{name}.npy")
            if entry.file_size > LARGEST:
                raise UserError(f"{file}: '{name}' has more than {LARGEST:,} bytes")
            with archive.open(entry) as stream:
                version = np.lib.format.read_magic(stream)
                if version != (1, 0):
                    raise ValueError
                shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
                content = stream.read()
    except FileNotFoundError:
        raise UserError(f"{file}: no such file") from None
    except KeyError:
        raise UserError(f"{file}: no array '{name}' in it") from None
    except DAMAGED:
        raise UserError(f"{file}: not an npz file of numpy, or damaged") from None
    if dtype != np.dtype(kind) or shape != (len(content) / dtype.itemsize,):
        raise UserError(f"{file}: '{name}' is {dtype} {shape}, not a vector of {kind}")
    return np.frombuffer(content, dtype)


def _lists(folder: Path, config: LineSourceConfig) -> dict[str, str]:
    """The split of each form; `LEFT_OUT` of those that are left out."""
    split_of_form: dict[str, str] = {}
    names = SPLIT_OF_LIST
    if (folder / f"{LEFT_OUT}.txt").exists():
        names = names | {LEFT_OUT: LEFT_OUT}
    for name, split in names.items():
        file = folder / f"{name}.txt"
        for number, line in enumerate(lines_of(read_text(file, config)), start=1):
            form = line.strip()
            if form and split_of_form.setdefault(form, split) != split:
                raise UserError(f"{file}:{number}: {form} is in the list of another split too")
    return split_of_form


def _points(offsets: np.ndarray, lifts: np.ndarray, where: str) -> np.ndarray:
    places = offsets.cumsum(axis=0, dtype="int64")
    return to_points(np.split(places, np.flatnonzero(lifts[:-1]) + 1), where)
