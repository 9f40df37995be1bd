"""One row of a source."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A row as its source has it: its fields, and where it stands (`train.csv:17`).

    The fields of a CSV file are texts; those of JSON or of a table in memory may be anything. What is
    missing is "".
    """

    where: str
    fields: dict[str, Any]
