"""The options of a source of series."""

import re
from dataclasses import dataclass
from datetime import datetime

from rnnapps.data.source_config import embedded_name
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import UsageError, require

EMBEDDED = ("weather", "glucose", "sea", "shares")  # the first is what "embedded" means


@dataclass(frozen=True)
class SeriesSourceConfig(TableSourceConfig):
    """Where the series come from, what their columns are, and where they are divided."""

    data: str = "embedded"
    """embedded (weather; also embedded:glucose, embedded:sea, embedded:shares), or a CSV, TSV, JSON or
    Parquet file with a row for each time"""
    time_column: str | None = None
    """column of the times (default: time, date, datetime, timestamp or ds, or the only one of times)"""
    id_column: str | None = None
    """column that names the series of a row, where a table has several"""
    targets: tuple[str, ...] = ()
    """columns to forecast (default: all columns of numbers that are nothing else)"""
    past_covariates: tuple[str, ...] = ()
    """columns that help, and are known up to the forecast"""
    future_covariates: tuple[str, ...] = ()
    """columns that are known beforehand, such as holidays; rows at the end without any target are the
    future"""
    static_covariates: tuple[str, ...] = ()
    """columns with one value for each series"""
    frequency: str | None = None
    """time from row to row as pandas calls it, such as h, 30min, D, B or MS (default: the most
    common)"""
    time_zone: str | None = None
    """of local times with daylight saving, such as Europe/Berlin"""
    validation_share: float = 0.1
    """share of each series, before the test part, that chooses the weights"""
    test_share: float = 0.2
    """share at the end of each series that only the scores are of"""
    validation_start: str | None = None
    """in place of the share: the time from which on to validate, such as 2013-09-01"""
    test_start: str | None = None
    """in place of the share: the time from which on to test"""
    test_end: str | None = None
    """the time from which on nothing is used (default: none)"""

    def __post_init__(self):
        super().__post_init__()
        for role in ROLES:  # of JSON, or from Python, they may be lists
            names = getattr(self, role)
            object.__setattr__(self, role, (names,) if isinstance(names, str) else tuple(names))
        known = not self.data.startswith("tfds:") and self.embedded != ""
        sets = ", ".join(f"embedded:{name}" for name in EMBEDDED)
        require(self, "data", known, f"embedded, {sets} or the path of a table")
        _check_roles(self)
        require(self, "time_zone", _is_time_zone(self.time_zone), "one such as Europe/Berlin or UTC")
        for share in ("validation_share", "test_share"):
            require(self, share, 0 < getattr(self, share) < 1, "between 0 and 1")
        allowed = f"less than 1 - {self.test_share:g} (--test-share)"
        require(self, "validation_share", self.validation_share < 1 - self.test_share, allowed)
        _check_order(self)

    @property
    def embedded(self) -> str | None:
        """Name of the embedded table that is meant, or None."""
        return embedded_name(self.data, EMBEDDED)


ROLES = ("targets", "past_covariates", "future_covariates", "static_covariates")
BOUNDS = ("validation_start", "test_start", "test_end")


def _check_roles(config: SeriesSourceConfig) -> None:
    """Refuse a column that is to be two things, or is named twice."""
    flags: dict[str, str] = {}
    single = [(role, (getattr(config, role),)) for role in ("time_column", "id_column")]
    for role, names in [*single, *((role, getattr(config, role)) for role in ROLES)]:
        flag = f"--{role.replace('_', '-')}"
        for name in names:
            # The id may be a static covariate too: a network may learn something of each series.
            alike = {flags.get(name), flag} == {"--id-column", "--static-covariates"}
            if name is not None and name in flags and not alike:
                raise UsageError(f"{flag}: '{name}' is named by {flags[name]} too: keep one of them")
            if name is not None:
                flags[name] = flag


def _is_time_zone(name: str | None) -> bool:
    if name is None:
        return True
    from zoneinfo import ZoneInfo

    try:
        return bool(re.fullmatch(r"[\w+/-]+", name)) and bool(ZoneInfo(name).key)
    except (KeyError, OSError, ValueError):  # none, or a folder of such
        return False


def _check_order(config: SeriesSourceConfig) -> None:
    """Refuse bounds that are no times, or not one after the other."""
    before: tuple[str, datetime] | None = None
    for bound in BOUNDS:
        text = getattr(config, bound)
        if text is None:
            continue
        try:
            time = datetime.fromisoformat(text).replace(tzinfo=None)
        except (TypeError, ValueError):
            require(config, bound, False, "a time such as 2013-09-01 or 2013-09-01T12:00")
        if before is not None:
            flag = f"--{before[0].replace('_', '-')}"
            require(config, bound, time > before[1], f"after {flag} {getattr(config, before[0])}")
        before = bound, time
