"""A line of writing before it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


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
