"""A line of writing before it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnapps.data.values import name_of

GROUPS = ("writer", "document")  # columns of what is not divided between splits, the wider first


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line as its source has it; neither its text nor its content has been looked at.

    Attributes:
        where: what errors call it: its row, or its file.
        text: what is written there, as the source has it.
        split: "train", "validation" or "test"; "train" where the source has none.
        group: its writer or document, which must not be divided between splits; without one the line
            stands for itself.
        read: gives its content (see `WrittenLine`), or raises a `UserError` that names the file.
    """

    where: str
    text: Any
    split: str
    group: str | None
    read: Callable[[], np.ndarray]


def group_of(fields: Mapping[str, Any]) -> str | None:
    """The name in the first of GROUPS that a row has and that is not empty, or None."""
    return next((name for column in GROUPS if (name := name_of(fields.get(column, "")))), None)
