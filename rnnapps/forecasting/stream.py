"""Foretell the next step of series as their rows come, and mark the values that were not expected.

From the shell and from Python:

    tail -n +1 -f sensors.csv | rnnapps stream forecasting --model runs/sensors --input -
    rnnapps stream forecasting --input glucose.csv --interval 95 --plot stream.png
    stream = rnnapps.load("forecasting/glucose").stream()
    stream.push("2010-10-11 08:05", {"glucose": 110})
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.given_lines import read_lines
from rnnapps.data.json_lines import parse_json
from rnnapps.data.series.read import time_column
from rnnapps.data.tables import check_names, delimiter_of
from rnnapps.data.values import name_of, present
from rnnapps.errors import UsageError, UserError
from rnnapps.forecasting.prediction import MOST, bounds
from rnnapps.inference.stream_options import StreamOptions as SharedOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rnnapps.forecasting.series_stream import StreamedValue


class StreamedRow(NamedTuple):
    """A row of a stream."""

    where: str
    """its place, for errors"""
    fields: dict[str, Any]
    decimal_comma: bool = False
    """whether a comma divides the digits of its numbers"""
    problem: str | None = None
    """why it cannot be read"""


@dataclass(frozen=True)
class StreamOptions(SharedOptions):
    """Read the rows of series as they come, and write a line for each value: what it is, what is
    foretold for the next step, and OUTSIDE where it is not in the interval that was foretold for it."""

    model: str = "forecasting/glucose"
    """path or name of a bundle, of an autoregressive network"""
    input: str | None = None
    """CSV or TSV whose first line has the names, or a JSON object a line; a pipe too; - is standard
    input, each row of which is answered at once"""
    interval: Literal[50, 80, 95] = 95
    """per cent of the values that the interval is to hold"""
    skip_bad: bool = False
    """leave rows out that cannot be read, and name them"""

    @property
    def endless(self) -> bool:
        """Whether Ctrl-C is the usual end of it."""
        return self.input == "-"

    def check(self) -> None:
        """Refuse what cannot be read, before any work.

        Raises:
            UsageError: there is no input.
            UserError: there is no such file.
        """
        if self.input is None:
            raise UsageError("give --input FILE, or --input - for standard input")
        if self.input != "-" and not Path(self.input).exists():
            raise UserError(f"{self.input}: no such file")
        if Path(self.input).is_dir():
            raise UserError(f"{self.input}: this is a folder, a table was expected")

    def blocks(self, predictor: Any) -> Iterator[StreamedRow]:
        """The rows, as they come.

        Raises:
            UserError: there are none, the first line has a name twice, or the input is no text in UTF-8.
        """
        name = "standard input" if self.input == "-" else str(self.input)
        lines = (
            (f"{name}:{number}", line)
            for number, line in enumerate(read_lines(str(self.input), lambda _: None), start=1)
            if line.strip()
        )
        where, first = next(lines, (name, ""))
        if not first:
            raise UserError(f"{name}: no rows")
        if first.lstrip().startswith("{"):
            yield from (_of_json(*line) for line in chain([(where, first)], lines))
            return
        divider = delimiter_of(first)
        columns = [column.strip() for column in next(csv.reader([first], delimiter=divider))]
        check_names(columns, where)
        for where, line in lines:
            values = next(csv.reader([line], delimiter=divider))
            fields, problem = dict(zip(columns, values, strict=False)), None
            if len(values) != len(columns):
                problem = f"{len(values)} columns, but the first line has {len(columns)}"
            yield StreamedRow(where, fields, divider == ";", problem)


def _of_json(where: str, line: str) -> StreamedRow:
    try:
        fields = parse_json(where, line)
    except UserError as error:
        return StreamedRow(where, {}, problem=str(error).removeprefix(f"{where}: "))
    if isinstance(fields, dict):
        return StreamedRow(where, fields)
    return StreamedRow(where, {}, problem="not a JSON object")


class Listener:
    """Reads the rows of a stream, and says what comes next.

    Args:
        predictor: one that can stream.
        options: of the stream.
    """

    def __init__(self, predictor: Any, options: StreamOptions):
        self.stream = predictor.stream(options.interval)
        self.source, self.columns = predictor.config.source, predictor.known.columns
        self.bad = BadRows(str(options.input), "rows", options.skip_bad)
        self.kept: list[StreamedValue] = []
        self.good = 0  # rows
        self._time: str | None = None  # the column of the times

    def hear(self, row: StreamedRow, keep: bool) -> "list[StreamedValue]":
        """What the stream says to a row; with `keep` it is remembered, to be drawn.

        Raises:
            UserError: the row cannot be read, and is not to be left out; the first lacks a column.
        """
        if self._time is None and row.problem is None:
            self._time = self._check(row)
        try:
            if self._time is None or row.problem is not None:
                raise UserError(str(row.problem))
            name = self.source.id_column
            values = self.stream.push(
                row.fields.get(self._time, ""),
                row.fields,
                "" if name is None else name_of(present(row.fields.get(name))),
                row.decimal_comma,
            )
        except UserError as error:
            self.bad.add(f"{row.where}: {error}")
            return []
        self.good += 1
        if keep:
            self.kept += values
        return values

    def end(self) -> list[Any]:
        """Say how many rows were left out; there are no more answers.

        Raises:
            UserError: all of them.
        """
        self.bad.report(self.good)
        return []

    def plot(self) -> "Figure":
        """The values, the intervals that were foretold for them, and those outside.

        Raises:
            UserError: no row could be read.
        """
        from rnnapps.evaluation.plots import plot_stream

        if not self.kept:
            raise UserError("nothing to draw: no row could be read")
        panels: dict[str, list[tuple[Any, ...]]] = {}
        for one in self.kept:
            low, high = (None, None) if one.foretold is None else bounds(one.foretold, one.interval)
            title = f"{one.series} {one.target}".strip()
            panels.setdefault(title, []).append((one.time, one.value, low, high, one.outside))
        interval = f"{self.kept[0].interval} %"
        return plot_stream(dict(list(panels.items())[:MOST]), interval)

    def _check(self, row: StreamedRow) -> str:
        """The column of the times of a stream that begins with this row."""
        names = [*self.columns, *self.source.static_covariates]
        names += [name for name in (self.source.id_column, self.source.time_column) if name]
        if missing := [name for name in names if name not in row.fields]:
            has = ", ".join(row.fields)
            what = f"no column '{missing[0]}', which the training had (it has {has})"
            raise UserError(f"{row.where}: {what}")
        return self.source.time_column or time_column([row.fields], row.where)
