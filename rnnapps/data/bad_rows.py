"""What is bad in a source: the first stops it, or all are named, counted and left out."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from rnnapps.errors import UserError

log = logging.getLogger(__name__)

Item = TypeVar("Item")

FLAG = "--skip-bad"
NAMED = 10  # in warnings; the others are in the log's details


class BadRows:
    """Told of each bad example of a source.

    Args:
        source: its name.
        what: the examples are, in the plural.
        skip: whether bad ones are left out (`--skip-bad`).
    """

    def __init__(self, source: str, what: str, skip: bool):
        self.source = source
        self.what = what
        self.skip = skip
        self.count = 0

    def add(self, problem: str) -> None:
        """Note that an example is left out.

        Args:
            problem: which example it is, and what is wrong with it.

        Raises:
            UserError: bad examples are not to be left out.
        """
        if not self.skip:
            raise UserError(f"{problem}: mend it, or leave such {self.what} out with {FLAG}")
        self.count += 1
        level = logging.WARNING if self.count <= NAMED else logging.INFO
        log.log(level, "left out: %s", problem)

    def report(self, good: int) -> None:
        """Log how many were left out, if any were, of these and as many good examples.

        Raises:
            UserError: none is left.
        """
        if not self.count:
            return
        total = self.count + good
        log.warning("%s: %d of %d %s left out (%s)", self.source, self.count, total, self.what, FLAG)
        if not good:
            raise UserError(f"{self.source}: none of its {total} {self.what} is good")

    def good(self, items: Iterable[Item], problem: Callable[[Item], str | None]) -> list[Item]:
        """The items with which there is no problem; `problem` names one with its place, or is None.

        Raises:
            UserError: there is one and bad ones are not to be left out, or none is left.
        """
        kept = []
        for item in items:
            if reason := problem(item):
                self.add(reason)
            else:
                kept.append(item)
        self.report(len(kept))
        return kept
