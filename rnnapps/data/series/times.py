"""Times as people write them."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

HOUR = 3600 * 1_000_000  # microseconds
HOURS = ("", " %H:%M", " %H:%M:%S")
DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d")
EXAMPLE = "write it as 2013-01-31 12:00"
DAY, OF_CLOCKS = "2013-01-31", "0123456789:. T"  # there is no offset within, or of these
_OFFSET = re.compile(r"(?<=\d)\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)$")
_CLOCK = re.compile(r"\d[T ]\d\d")  # what has an hour: 2013-01-31 ends like an offset too


def are_times(values: Sequence[Any]) -> bool:
    """Whether all values of a column are times, none of them a plain number."""
    texts = [_text(value) for value in values]
    if all(text.isdigit() for text in texts):
        return False
    try:
        return bool(_wall(_clocks_and_offsets(texts)[0], "").notna().all())
    except UserError:  # days or months
        return True


def parse_times(
    values: Sequence[Any],
    where: str,
    bad: Callable[[int, str], None],
    days: bool | None = None,
) -> "pd.DatetimeIndex":
    """The times of a column, NaT where a row has none: naive, or in UTC where they have offsets.

    Days that are written as midnight with an offset stay the days that they are there.

    Args:
        values: texts as in ISO 8601, or all with the same one of other orders of day, month and year;
            dates and times of Python, NumPy and pandas.
        where: file and column, for errors.
        bad: told of each row that has no time, and of the problem.
        days: whether midnights are days; None: if all are such.

    Raises:
        UserError: texts that are days first and months first alike.
    """
    import pandas as pd

    if (times := _moments(values)) is not None:
        wall = times.tz_localize(None)
        return wall if days or (days is None and _are_days(wall)) else times
    texts = [_text(value) for value in values]
    clocks, offsets = _clocks_and_offsets(texts)
    wall = _wall(clocks, where)
    with_offset = np.array([offset != "" for offset in offsets])
    for row in np.flatnonzero(wall.isna()):
        shown = texts[row][:40]
        bad(int(row), f"'{shown}' is not a time: {EXAMPLE}" if shown else "no time")
    if not with_offset.any():
        return wall
    for row in np.flatnonzero(~with_offset & ~wall.isna()):
        bad(int(row), f"'{texts[row]}' has no offset from UTC, other times have")
    wall = wall.where(with_offset)
    if _are_days(wall) if days is None else days:
        log.info("%s: days, whatever their offset from UTC", where)
        return wall
    if set(offsets) - {"", "Z", "UTC", "+00:00", "+0000", "+00"}:
        log.info("%s: times with offsets are read as UTC", where)
    minutes = [_minutes(offset) for offset in offsets]
    return (wall - pd.to_timedelta(minutes, unit="min")).tz_localize("UTC")


def localise(
    times: "pd.DatetimeIndex", zone: str, bad: Callable[[int, str], None]
) -> "pd.DatetimeIndex":
    """The times in UTC of local ones of a series, NaT where a row has none.

    An hour that comes twice when clocks go back is told by the order of the rows.

    Args:
        times: naive, in the order of the rows, forwards or backwards.
        zone: name of the time zone.
        bad: told of each row whose time does not exist, and of the problem.
    """
    if _are_days(times):
        return times
    backwards = len(times) > 1 and times[0] > times[-1]
    forward = times[::-1] if backwards else times
    summer = np.ones(len(times), bool)
    twice = forward.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()
    for row in np.flatnonzero(twice)[1:]:
        if twice[row - 1]:
            summer[row] = summer[row - 1] and forward[row] > forward[row - 1]
    aware = forward.tz_localize(zone, ambiguous=summer, nonexistent="NaT")
    aware = aware[::-1] if backwards else aware
    for row in np.flatnonzero(aware.isna() & ~times.isna()):
        bad(int(row), f"the time {times[row]} does not exist in {zone}, where clocks went forward")
    return aware.tz_convert("UTC")


def microseconds(times: "pd.DatetimeIndex") -> np.ndarray:
    """Times as int64 `(times,)`: microseconds since 1970, in UTC if they are of a time zone."""
    return times.as_unit("us").asi8


def check_clock(times: "pd.DatetimeIndex", name: str) -> None:
    """Refuse naive times that lack just the hour at which clocks go forward somewhere.

    Args:
        times: sorted.
        name: of file and series, for errors.
    """
    steps = np.diff(microseconds(times))
    typical = int(np.median(steps)) if len(steps) else 0
    for row in np.flatnonzero(steps == typical + HOUR) if typical <= HOUR else ():
        first = times[row] + np.timedelta64(typical, "us")  # without a row
        european = first.month == 3 and first.day >= 25 and first.hour in (1, 2, 3)
        american = first.month == 3 and 8 <= first.day <= 14 and first.hour == 2
        if first.day_of_week == 6 and first.minute == 0 and (european or american):
            raise UserError(
                f"{name}: no rows from {first} on for an hour, as where clocks go forward: give "
                "--time-zone, such as Europe/Berlin (UTC if they do not)"
            )


def _are_days(times: "pd.DatetimeIndex") -> bool:
    return bool((times[~times.isna()] == times[~times.isna()].normalize()).all())


def _moments(values: Sequence[Any]) -> "pd.DatetimeIndex | None":
    """Times of pandas at once, as a forecast waits for them: if all are such, naive or in UTC."""
    import pandas as pd

    if not all(type(value) is pd.Timestamp for value in values):
        return None
    zones = {str(value.tzinfo) for value in values}
    return pd.DatetimeIndex(values).as_unit("us") if zones in ({"None"}, {"UTC"}) else None


def _text(value: Any) -> str:
    if isinstance(value, (datetime, date)):  # pandas' too
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _clocks_and_offsets(texts: list[str]) -> tuple[list[str], list[str]]:
    """Times without their offsets from UTC, and these, or ""."""
    if not any(text[len(DAY) :].strip(OF_CLOCKS) for text in texts):  # as most: at once
        return texts, [""] * len(texts)
    found = [_OFFSET.search(text) if _CLOCK.search(text) else None for text in texts]
    clocks = [text[: at.start()] if at else text for text, at in zip(texts, found, strict=True)]
    return clocks, [at[1] if at else "" for at in found]


def _minutes(offset: str) -> int:
    digits = offset.strip("+-").replace(":", "")
    if not digits.isdigit():
        return 0
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if offset[0] == "-" else minutes


def _wall(texts: list[str], where: str) -> "pd.DatetimeIndex":
    """Times without offsets; ISO 8601, or the other order in which most are times."""
    import pandas as pd

    # Numbers such as 1356998400 may be seconds, days or anything since some year.
    texts = [text if len(text) in (4, 8) or not text.isdigit() else "" for text in texts]
    given = pd.Index(texts, dtype="str")
    times = _parse(given, "ISO8601")
    known = int(times.notna().sum())
    if known == len(texts):
        return times
    candidates = {day: _best(given, day) for day in DAYS}
    most = max(int(other.notna().sum()) for other in candidates.values())
    if most <= known:
        return times
    days = [day for day, other in candidates.items() if other.notna().sum() == most]
    if len(days) > 1:
        example = next(
            text for text, time in zip(texts, candidates[days[0]], strict=True) if pd.notna(time)
        )
        raise UserError(f"{where}: '{example}' may begin with the day or the month: {EXAMPLE}")
    return candidates[days[0]]


def _best(given: "pd.Index", day: str) -> "pd.DatetimeIndex":
    """The times of texts that begin with a day so written, with an hour or without."""
    found = [_parse(given, f"{day}{hour}") for hour in HOURS]
    return max(found, key=lambda times: int(times.notna().sum()))


def _parse(given: "pd.Index", form: str) -> "pd.DatetimeIndex":
    import pandas as pd

    return pd.DatetimeIndex(pd.to_datetime(given, format=form, errors="coerce")).as_unit("us")
