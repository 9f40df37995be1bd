"""The application that a benchmark is asked to measure."""

from collections.abc import Iterable

from rnnapps.errors import UsageError


def named_application(command: str, arguments: list[str], known: Iterable[str]) -> str:
    """The first word of a command's arguments.

    Raises:
        UsageError: it is none of the applications that the benchmark knows.
    """
    given = f"'{arguments[0]}'" if arguments else "nothing"
    if not arguments or arguments[0] not in known:
        raise UsageError(f"{command}: expected one of {', '.join(known)}, got {given}")
    return arguments[0]
