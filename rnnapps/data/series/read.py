"""From a table to series."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import MEMORY
from rnnapps.data.row import Row
from rnnapps.data.row_sources import check_columns, file_of
from rnnapps.data.series import frequency as frequencies
from rnnapps.data.series.numbers import are_numbers, numbers
from rnnapps.data.series.presets import with_preset
from rnnapps.data.series.series import Series
from rnnapps.data.series.series_set import SeriesSet
from rnnapps.data.series.source_config import SeriesSourceConfig
from rnnapps.data.series.tables import has_semicolons, series_rows
from rnnapps.data.series.times import are_times, check_clock, localise, microseconds, parse_times
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UsageError, UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

TIMES = ("time", "date", "datetime", "timestamp", "ds")  # names of the column, whatever their case
FEW = 1000  # steps that may lack most rows
SPARSE = 100  # steps for each row of longer series


def read_series(config: SeriesSourceConfig, embedded: Path, examples: Any = None) -> SeriesSet:
    """Read the series of a source.

    The rows of a series are sorted by time. A time without a row and an empty cell are NaN, never
    filled. With future covariates, the rows after the last that has a target are the known future.

    Args:
        config: what to read; an embedded table knows its columns.
        embedded: folder of the embedded tables.
        examples: instead of a source, a pandas DataFrame, whose index may be the times, or columns by
            name.

    Raises:
        UserError: see `series_rows`; also a column that is missing, no column of times or of numbers, a
            series of one time or without any target, a static covariate of several values, and a row
            with no time, one that came before or lies between those of the frequency, a text or an
            infinity among numbers (left out with `--skip-bad`).
    """
    rows = series_rows(config, embedded, examples)
    config = with_preset(config) if examples is None else replace(config, data=MEMORY)
    return _Reader(config, rows, has_semicolons(config, examples)).read()


def time_column(rows: Sequence[Mapping[str, Any]], where: str) -> str:
    """The column of the times, by its name, or the only one of which all values are times.

    Raises:
        UserError: there is none, or there are several; `where` says of what.
    """
    columns = list(rows[0])
    named = [name for name in columns if name.strip().lower() in TIMES]
    found = named or [name for name in columns if are_times([row[name] for row in rows])]
    if len(found) == 1:
        return found[0]
    problem = f"several columns of times, {_listed(found)}" if found else "no column of times"
    raise UserError(f"{where}: {problem}: name it with --time-column (it has {_listed(columns)})")


class _Reader:
    """Reads the series of rows, which are named by their position."""

    def __init__(self, config: SeriesSourceConfig, rows: list[Row], decimal_comma: bool):
        self.config = config
        self.rows = rows
        self.decimal_comma = decimal_comma
        self.file = file_of(rows[0])
        self.name = config.embedded or self.file
        self.bad = BadRows(self.file, "rows", config.skip_bad)
        self.left_out: set[int] = set()

    def read(self) -> SeriesSet:
        config = self.config
        named = [config.time_column, config.id_column, *config.targets, *config.past_covariates]
        named += [*config.future_covariates, *config.static_covariates]
        flags = "--time-column, --id-column, --targets, --past-covariates and the like"
        check_columns(self.rows, tuple(name for name in named if name is not None), flags)
        time = config.time_column or time_column([row.fields for row in self.rows], self.file)
        targets = config.targets or self._numeric({*named, time})
        times = parse_times(self._column(time), f"{self.file}: '{time}'", self._note)
        names, past, future = (*targets,), config.past_covariates, config.future_covariates
        values = {name: self._numbers(name) for name in (*names, *past, *future)}
        groups = self._groups()
        if config.time_zone and times.tz is None:
            times = self._localised(times, groups)
        groups = {name: kept for name, rows in groups.items() if len(kept := self._sorted(rows, times))}
        if not groups:
            self.bad.report(0)
        frequency, grids = self._grids(groups, times)
        series = []
        for name, rows in groups.items():
            grid = grids[name]
            at = grid.get_indexer(times[rows])
            for row in rows[at < 0]:
                hint = "" if self.config.frequency else " (or give --frequency)"
                problem = f"the time {times[row]} is not in steps of {frequency} from {grid[0]}{hint}"
                self._note(int(row), problem)
            rows, at = rows[at >= 0], at[at >= 0]
            blocks = [
                self._placed(values, block, rows, at, len(grid)) for block in (names, past, future)
            ]
            known = np.flatnonzero(~np.isnan(blocks[0]).all(axis=1))
            if not len(known):
                raise UserError(
                    f"{self._called(name)}: no value of {_listed(names)}: leave the series out"
                )
            end = known[-1] + 1 if future else len(grid)
            static = tuple(self._static(column, name, rows) for column in config.static_covariates)
            series.append(Series(name, grid[:end], blocks[0][:end], blocks[1][:end], blocks[2], static))
        self.bad.report(len(self.rows) - len(self.left_out))
        found = SeriesSet(tuple(series), frequency, names, past, future, config.static_covariates)
        log.info("%s", self._describe(found))
        return found

    def _note(self, row: int, problem: str) -> None:
        """Leave a row out, or stop at it."""
        if row not in self.left_out:
            self.bad.add(f"{self.rows[row].where}: {problem}")
            self.left_out.add(row)

    def _column(self, name: str) -> list[Any]:
        return [row.fields[name] for row in self.rows]

    def _called(self, name: str) -> str:
        return f"{self.file}: series '{name}'" if name else self.file

    def _numeric(self, others: set[str | None]) -> tuple[str, ...]:
        columns = [name for name in self.rows[0].fields if name not in others]
        found = [name for name in columns if are_numbers(self._column(name), self.decimal_comma)]
        if not found:
            has = _listed(list(self.rows[0].fields))
            raise UserError(f"{self.file}: no column of numbers to forecast: it has {has}")
        return tuple(found)

    def _numbers(self, name: str) -> np.ndarray:
        column, problems = self._column(name), []
        found = numbers(column, self.decimal_comma, lambda *problem: problems.append(problem))
        if np.isnan(found).all() and not self.config.skip_bad:
            text = next((str(value) for value in column if str(value).strip()), "")
            what = f"texts such as '{text[:40]}'" if text else "empty cells only"
            raise UserError(f"{self.file}: the column '{name}' has {what}, not numbers: leave it out")
        for row, problem in problems:
            self._note(row, f"'{name}': {problem}")
        return found

    def _groups(self) -> dict[str, np.ndarray]:
        """The rows of each series, in the order of the table."""
        if self.config.id_column is None:
            return {
                "": np.array([row for row in range(len(self.rows)) if row not in self.left_out], int)
            }
        groups: dict[str, list[int]] = {}
        for row, value in enumerate(self._column(self.config.id_column)):
            name = name_of(value) if name_problem(value) is None else ""
            if not name:
                self._note(row, f"'{self.config.id_column}': {name_problem(value) or 'no name'}")
            elif row not in self.left_out:
                groups.setdefault(name, []).append(row)
        return {name: np.array(groups[name]) for name in sorted(groups)}

    def _localised(self, times: "pd.DatetimeIndex", groups: dict[str, np.ndarray]) -> "pd.DatetimeIndex":
        import pandas as pd

        zone = self.config.time_zone
        assert zone is not None
        found = [pd.Series(dtype="datetime64[us]")]
        for rows in groups.values():

            def note(at: int, problem: str, rows=rows) -> None:
                self._note(int(rows[at]), problem)

            found.append(pd.Series(localise(times[rows], zone, note), index=rows))
        return pd.DatetimeIndex(pd.concat(found[1:]).reindex(range(len(self.rows))))

    def _sorted(self, rows: np.ndarray, times: "pd.DatetimeIndex") -> np.ndarray:
        """The rows of a series by time, those left out apart."""
        rows = np.array([row for row in rows.tolist() if row not in self.left_out], int)
        rows = rows[np.argsort(microseconds(times[rows]), kind="stable")]
        again = np.flatnonzero(np.diff(microseconds(times[rows])) == 0)
        for at in again + 1:
            self._note(int(rows[at]), self._twice(rows[at - 1], times[rows[at]]))
        return np.delete(rows, again + 1)

    def _twice(self, first: int, time: "pd.Timestamp") -> str:
        """What is wrong with a row of a time that there was, and what may be the reason."""
        texts = [
            name
            for name, value in self.rows[first].fields.items()
            if isinstance(value, str) and not are_numbers([value], True) and not are_times([value])
        ]
        hint = ""
        if self.config.id_column is None and texts:
            hint = (
                f": if there are several series, name their column with --id-column, such as {texts[0]}"
            )
        elif time.tz is None and time.hour < 4 and time != time.normalize():
            hint = ": if clocks were put back, give --time-zone, such as Europe/Berlin"
        return f"the time {time} came before, in {self.rows[first].where}{hint}"

    def _grids(
        self, groups: dict[str, np.ndarray], times: "pd.DatetimeIndex"
    ) -> tuple[str, dict[str, "pd.DatetimeIndex"]]:
        """The frequency, and all times of each series that it makes."""
        for name, rows in groups.items():
            if len(rows) < 2:
                raise UserError(
                    f"{self._called(name)}: one row, {times[rows[0]]}, is no series: add rows"
                )
            if times.tz is None and not self.config.time_zone:
                check_clock(times[rows], self._called(name))
        if self.config.frequency is None:
            frequency = frequencies.infer_frequency([times[rows] for rows in groups.values()], self.file)
        else:
            frequency = frequencies.known(self.config.frequency)
        grids = {}
        for name, rows in groups.items():
            first, last = microseconds(times[rows[[0, -1]]]).tolist()
            steps = (last - first) / frequencies.typical_step(frequency)
            if steps > max(FEW, SPARSE * len(rows)):
                raise UserError(
                    f"{self._called(name)}: {len(rows)} rows for {steps:,.0f} steps of {frequency} from "
                    f"{times[rows[0]]} to {times[rows[-1]]}: mend these times, or give --frequency"
                )
            grids[name] = frequencies.grid(times[rows], frequency)
            if len(grids[name]) < 2:
                raise UsageError(
                    f"{self._called(name)}: no two times in steps of {frequency}: give another"
                )
        return frequency, grids

    def _placed(
        self,
        values: dict[str, np.ndarray],
        names: Sequence[str],
        rows: np.ndarray,
        at: np.ndarray,
        steps: int,
    ) -> np.ndarray:
        """float32 `(steps, columns)`: the values of rows at their places."""
        placed = np.full((steps, len(names)), np.nan, "float32")
        for column, name in enumerate(names):
            placed[at, column] = values[name][rows]
            known = values[name][rows][~np.isnan(values[name][rows])]
            if len(known) and 0 < np.ptp(known) < 4 * np.spacing(np.float32(np.abs(known).max())):
                middle = known.mean()
                raise UserError(
                    f"{self.file}: '{name}' varies by {np.ptp(known):.3g} around {middle:.6g}, less "
                    f"than float32 can tell: subtract {middle:.6g} first"
                )
        return placed

    def _static(self, column: str, series: str, rows: np.ndarray) -> str:
        """The one value that a column has in a series, or "" if it has none."""
        value, first = "", 0
        for row in rows:
            here = name_of(self.rows[row].fields[column])
            if here and value and here != value:
                raise UserError(
                    f"{self.rows[row].where}: '{column}' is '{here:.40}', but '{value:.40}' in "
                    f"{self.rows[first].where}: a static covariate has one value in a series"
                )
            if here and not value:
                value, first = here, row
        return value

    def _describe(self, found: SeriesSet) -> str:
        lengths = sorted({len(one) for one in found.series})
        steps = f"{lengths[0]:,}" if len(lengths) == 1 else f"{lengths[0]:,} to {lengths[-1]:,}"
        values = [block for one in found.series for block in (one.targets, one.past)]
        missing = sum(int(np.isnan(block).sum()) for block in values) / sum(
            block.size for block in values
        )
        first = min(one.times[0] for one in found.series)
        last = max(one.times[-1] for one in found.series)
        count = f"{len(found)} series of " if len(found) > 1 else ""
        return (
            f"{self.name}: {count}{steps} {frequencies.in_words(found.frequency)} ({found.frequency}), "
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d}; {100 * missing:.1f} % of the values missing"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name if len(name) <= 40 else f"{name[:40]}..." for name in names)
