"""The lines that a user gives a command to work on."""

import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from rnnapps.data.text_files import problem_of_beginning
from rnnapps.errors import UsageError, UserError


def given_lines(
    texts: tuple[str, ...], file: str | None, problem: Callable[[str], str | None], at_once: int = 1000
) -> Iterator[list[str]]:
    """Groups of texts given as words of the command, or of the lines of `--file` or standard input.

    A single text "-" is standard input, whose lines are given one by one, so that each is answered when
    it comes. The first line is read at once: a file that cannot be read is told before any work.

    Args:
        texts: the texts, or ("-",), or none.
        file: a path, "-" for standard input, or None.
        problem: says what is wrong with a line, or None.
        at_once: lines of a group of a file.

    Raises:
        UsageError: neither texts nor a file, or both.
        UserError: see `read_lines`; also a file without lines.
    """
    if file is None and texts == ("-",):
        file, texts = "-", ()
    if (file is None) == (texts == ()):
        raise UsageError('give either texts ("..."), or --file FILE, or - for standard input')
    lines = read_lines(file, problem) if file is not None else iter(texts)
    first = next(lines, None)
    if first is None:
        raise UserError(f"{file}: no lines")
    return _grouped(chain([first], lines), 1 if file == "-" else at_once)


def read_lines(file: str, problem: Callable[[str], str | None]) -> Iterator[str]:
    """The lines of a UTF-8 file, or of standard input for "-".

    Raises:
        UserError: no such file, a line with a problem, or not UTF-8, with the line's number.
    """
    name = "standard input" if file == "-" else file
    try:
        stream = sys.stdin.buffer if file == "-" else Path(file).open("rb")  # noqa: SIM115
    except FileNotFoundError:
        raise UserError(f"{file}: no such file") from None
    with stream:
        for number, line in enumerate(_lines(stream), start=1):
            if number == 1 and (kind := problem_of_beginning(line)):
                raise UserError(f"{name}: this is {kind}")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise UserError(
                    f"{name}:{number}: not UTF-8: convert the file first, for example with iconv"
                ) from None
            if reason := problem(text):
                raise UserError(f"{name}:{number}: {reason}")
            yield text


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines that end at "\\n", or all at "\\r", as on old Macs."""
    first = stream.readline()
    if first.endswith(b"\n"):
        yield first
    elif first:
        yield from first.removesuffix(b"\r").split(b"\r")
    yield from stream


def _grouped(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    """Lines in groups; those before a bad one are still given."""
    some: list[str] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == size:
                yield some
                some = []
    except UserError:
        if some:
            yield some
        raise
    if some:
        yield some
