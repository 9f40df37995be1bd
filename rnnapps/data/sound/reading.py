"""The samples of recordings that a source has, and which of them are good."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.file_tables import find_file
from rnnapps.data.row import Row
from rnnapps.data.sound.files import SUFFIXES, check_samples, decode, is_clipped
from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.tables import read_table
from rnnapps.data.values import name_problem
from rnnapps.errors import UserError, brief

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Reader = Callable[[], tuple[np.ndarray, int]]
Problem = Callable[[FoundRecording, np.ndarray, int], str | None]


def read_good(
    recordings: Iterable[FoundRecording],
    source: str,
    skip_bad: bool,
    problem: Problem,
) -> Iterator[tuple[FoundRecording, np.ndarray, int]]:
    """The recordings with which there is no problem, their samples as they are, and their rate in Hz.

    One that was recorded too loud stays, and is counted.

    Args:
        recordings: of a source.
        source: its name.
        skip_bad: whether bad recordings are left out.
        problem: says what is wrong with a recording, its samples and their rate, or None.

    Raises:
        UserError: see `BadRows`.
    """
    bad = BadRows(source, "clips", skip_bad)
    good = clipped = 0
    for recording in recordings:
        try:
            samples, rate = recording.read()
            if reason := problem(recording, samples, rate):
                raise UserError(f"{recording.where}: {reason}")
        except UserError as error:
            bad.add(str(error))
            continue
        good += 1
        clipped += is_clipped(samples)
        yield recording, samples, rate
    bad.report(good)
    if clipped:
        log.warning("%s: %d clips were recorded too loud (clipped); they are used", source, clipped)


def read_splits(
    recordings: Iterable[FoundRecording],
    source: str,
    skip_bad: bool,
    problem: Problem,
    make: Callable[[FoundRecording, np.ndarray, int], Item],
) -> dict[str, list[Item]]:
    """What `make` makes of the good recordings, by the splits that the source has: see `read_good`."""
    given: dict[str, list[Item]] = {}

    def noted() -> Iterator[FoundRecording]:
        for recording in recordings:
            given.setdefault(recording.split, [])  # of bad ones too: no other may stand in for them
            yield recording

    for recording, samples, rate in read_good(noted(), source, skip_bad, problem):
        given[recording.split].append(make(recording, samples, rate))
    return given


def refusing(problem: str) -> Reader:
    """What reads a recording of which it is known already that it is bad."""

    def read() -> tuple[np.ndarray, int]:
        raise UserError(problem)

    return read


def read_named(
    name: Any,
    folders: Sequence[Path],
    where: str,
    max_seconds: float,
    start: Any = "",
    end: Any = "",
) -> tuple[np.ndarray, int]:
    """The samples of a file that a table names, or of what is between two times in it, and their rate.

    Args:
        name: of the file, whose suffix may be missing.
        folders: where it may be.
        where: the row of the table.
        max_seconds: see `decode`.
        start: seconds; "" is the beginning.
        end: seconds; "" is the end of the file.

    Raises:
        UserError: see `find_file` and `decode`; also times that are no numbers, or not in order.
    """
    try:
        first, last = _seconds(start) or 0.0, _seconds(end)
        if last is not None and last <= first:
            raise UserError(f"it ends at {last:g} s, but starts at {first:g}")
        return decode(find_file(name, folders, SUFFIXES), max_seconds, first, last)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _seconds(value: Any) -> float | None:
    if isinstance(value, str) and not value.strip():
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UserError(f"a time of '{brief(value, 40)}': expected seconds, such as 12.5")
    return seconds


def read_given(
    sound: Any, names: Mapping[str, Any], where: str, sampling_rate: int, max_seconds: float
) -> tuple[np.ndarray, int]:
    """The samples of a file, or of an array in memory at the sampling rate that is asked for.

    Raises:
        UserError: see `decode` and `check_samples`; also one of `names`, by column, that is no name.
    """
    for column, value in names.items():
        if problem := name_problem(value):
            raise UserError(f"{where}: '{column}': {problem}")
    if isinstance(sound, (str, Path)):
        if not str(sound).strip():
            raise UserError(f"{where}: no sound")
        return decode(Path(sound), max_seconds)
    return check_samples(sound, where), sampling_rate


def read_scaled(samples: Any, rate: int) -> tuple[np.ndarray, int]:
    """Samples of TensorFlow Datasets as floats, and their rate.

    Integers are taken as 16 bits, which it keeps in types of up to 64.
    """
    samples = np.asarray(samples)
    scale = np.float32(32768 if samples.dtype.kind == "i" else 1)
    return samples.astype("float32") / scale, rate


def list_pieces(table: Path) -> Iterator[tuple[Row, Reader]]:
    """The rows of an embedded table of pieces of longer files, and what reads each piece.

    A piece begins at the sample `start` of `file`, beside the table, and has `length` samples. Each file
    is decoded once.
    """
    rows = read_table(table)
    sounds = {name: decode(table.parent / name) for name in sorted({row.fields["file"] for row in rows})}

    def piece(row: Row) -> tuple[np.ndarray, int]:
        samples, rate = sounds[row.fields["file"]]
        start = int(row.fields["start"])
        return samples[start : start + int(row.fields["length"])], rate

    return ((row, partial(piece, row)) for row in rows)
