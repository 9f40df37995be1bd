"""One row of a source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A row as its source has it: its fields, and where it stands (`train.csv:17`)."""

    where: str
    fields: dict[str, str]
