"""`rnnapps stream APPLICATION`: apply a bundle to what comes without an end."""

from importlib import import_module

from rnnapps.command_line import first_word

STREAMING = ("keywords",)  # the applications whose infer.py has a function `stream`


def main(arguments: list[str]) -> None:
    """The command: the first word is the application."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(f"usage: rnnapps stream {'|'.join(STREAMING)} [OPTIONS]")
        return
    application = first_word("stream", arguments, STREAMING)
    import_module(f"rnnapps.{application}.infer").stream(arguments[1:])
