"""What is bad in a source: the first stops it, or all are named, counted and left out."""

import logging

from rnnapps.errors import UserError

log = logging.getLogger(__name__)

NAMED = 10  # in warnings; the others are in the log's details


class BadExamples:
    """Told of each bad example of a source.

    Args:
        source: its name.
        what: the examples are, in the plural.
        flag: by which the user asks to leave bad ones out, such as `--skip-bad-pictures`.
        skip: whether it is set.
    """

    def __init__(self, source: str, what: str, flag: str, skip: bool):
        self.source = source
        self.what = what
        self.flag = flag
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
            raise UserError(f"{problem}: mend it, or leave such {self.what} out with {self.flag}")
        self.count += 1
        level = logging.WARNING if self.count <= NAMED else logging.INFO
        log.log(level, "left out: %s", problem)

    def report(self, good: int) -> None:
        """Tell how many were left out, if any were, of these and as many good examples."""
        if self.count:
            total = self.count + good
            log.warning(
                "%s: %d of %d %s left out (%s)", self.source, self.count, total, self.what, self.flag
            )
