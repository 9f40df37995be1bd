"""From times to the frequency that they have, and to all the times that it makes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnapps.data.series.times import microseconds
from rnnapps.errors import UsageError, UserError

if TYPE_CHECKING:
    import pandas as pd

DAY = 24 * 3600 * 1_000_000  # microseconds
MONTHS = {1: "", 3: "Q", 12: "Y"}  # between two times
NAMES = {"s": "seconds", "min": "minutes", "h": "hours", "D": "days", "B": "business days"}
NAMES |= {
    "MS": "months",
    "ME": "months",
    "QS": "quarters",
    "QE": "quarters",
    "YS": "years",
    "YE": "years",
}


def infer_frequency(several: "Sequence[pd.DatetimeIndex]", where: str) -> str:
    """The most frequent difference of the times of several series, as pandas calls it.

    Args:
        several: sorted, without duplicates.
        where: the table, for errors.

    Raises:
        UserError: no series has two times, or months are between days in the middle of them.
    """
    import pandas as pd

    differences = np.concatenate([np.diff(microseconds(times)) for times in several])
    if not len(differences):
        raise UserError(f"{where}: one time is no series: at least two rows are needed")
    kinds, counts = np.unique(differences, return_counts=True)
    step = kinds[counts.argmax()]
    times = several[0].append(list(several[1:])) if len(several) > 1 else several[0]
    if step >= 28 * DAY:
        return _of_months(several, times, where)
    if step == DAY and _are_business_days(several, times):
        return "B"
    if step == 7 * DAY and len(set(times.day_of_week)) == 1:
        return f"W-{times[0].strftime('%a').upper()}"
    if step % DAY == 0:
        return known(f"{step // DAY}D")
    return pd.tseries.frequencies.to_offset(pd.Timedelta(int(step), "us")).freqstr


def known(frequency: str) -> str:
    """A frequency as pandas calls it.

    Raises:
        UsageError: pandas does not know it, or it goes backwards.
    """
    import pandas as pd

    try:
        offset = pd.tseries.frequencies.to_offset(frequency)
    except ValueError:
        offset = None
    if offset is None or offset.n < 1:
        raise UsageError(f"--frequency must be one such as h, 30min, D, B or MS, got {frequency}")
    return offset.freqstr


def grid(times: "pd.DatetimeIndex", frequency: str) -> "pd.DatetimeIndex":
    """All times from the first to the last that the frequency makes, on which most of them are.

    Args:
        times: sorted, without duplicates.
        frequency: as pandas calls it.
    """
    import pandas as pd

    offset = pd.tseries.frequencies.to_offset(frequency)
    if isinstance(offset, (pd.offsets.Tick, pd.offsets.Day)):
        step = round(typical_step(frequency))
        phases, counts = np.unique(microseconds(times) % step, return_counts=True)
        times = times[microseconds(times) % step == phases[counts.argmax()]]
    return pd.date_range(times[0], times[-1], freq=offset)


def typical_step(frequency: str) -> float:
    """How long a step of a frequency is on average, in microseconds."""
    import pandas as pd

    offset = pd.tseries.frequencies.to_offset(frequency)
    first = pd.Timestamp("2000-01-01") + offset
    return (first + 20 * offset - first) / pd.Timedelta(microseconds=20)


def in_words(frequency: str) -> str:
    """What the steps of a frequency are called, in the plural."""
    return NAMES.get(frequency.partition("-")[0], "weeks" if frequency[:2] == "W-" else "steps")


def _are_business_days(several: "Sequence[pd.DatetimeIndex]", times: "pd.DatetimeIndex") -> bool:
    """Whether days have no weekend, where there could be one."""
    weekends = any(
        (np.diff(microseconds(one))[one.day_of_week[:-1] == 4] == 3 * DAY).any() for one in several
    )
    return weekends and bool((times.day_of_week < 5).all())


def _of_months(several: "Sequence[pd.DatetimeIndex]", times: "pd.DatetimeIndex", where: str) -> str:
    number = [np.diff(np.asarray(one.year) * 12 + np.asarray(one.month)) for one in several]
    steps, counts = np.unique(np.concatenate(number), return_counts=True)
    months = int(steps[counts.argmax()])
    if (times.day == 1).all():
        end = "S"
    elif times.is_month_end.all():
        end = "E"
    else:
        raise UserError(
            f"{where}: times {months} months apart that are neither the first nor the last day of one: "
            "write the first day"
        )
    if months not in MONTHS:
        return f"{months}M{end}"
    anchor = f"-{times[0].strftime('%b').upper()}" if months > 1 else ""
    return f"{MONTHS[months] or 'M'}{end}{anchor}"


def season_of(frequency: str) -> int:
    """Steps after which series of a frequency most often repeat themselves: a day, a week or a year."""
    step = typical_step(frequency)
    if step < DAY:
        return max(1, round(DAY / step))
    if frequency == "B":
        return 5
    for longest, season in ((DAY, 7), (8 * DAY, 52), (32 * DAY, 12), (100 * DAY, 4)):
        if step <= longest:
            return season
    return 1
