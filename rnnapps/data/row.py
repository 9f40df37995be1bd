"""One row of a source."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A row as its source has it: its fields, and where it stands (`train.csv:17`).

    The fields of a table in a file are texts; those of one in memory may be arrays too.
    """

    where: str
    fields: dict[str, Any]
