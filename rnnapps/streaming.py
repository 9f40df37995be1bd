"""`rnnapps stream APPLICATION`: apply a bundle to what comes without an end."""

from importlib import import_module

from rnnapps.errors import UsageError

STREAMING = ("keywords",)  # the applications whose infer.py has a function `stream`


def main(arguments: list[str]) -> None:
    """The command: the first word is the application."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(f"usage: rnnapps stream {'|'.join(STREAMING)} [OPTIONS]")
        return
    if not arguments or arguments[0] not in STREAMING:
        given = f"'{arguments[0]}'" if arguments else "nothing"
        raise UsageError(f"stream: expected {' or '.join(STREAMING)}, got {given}")
    import_module(f"rnnapps.{arguments[0]}.infer").stream(arguments[1:])
