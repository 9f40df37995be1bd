"""The command `rnnapps`: finds the file of the command, and nothing else.

A command is the function `main` of a module of this folder, which is imported when it is called, so that
`rnnapps --help` answers at once.
"""

import sys
from importlib import import_module

from rnnapps import __version__
from rnnapps.applications import APPLICATIONS, with_module
from rnnapps.command_line import first_word, run
from rnnapps.errors import UsageError

COMMANDS = {
    "list": "list the applications and the bundles that are here",
    "train": "train a model and write it as a bundle",
    "evaluate": "score a bundle on held-out examples, beside its baselines",
    "predict": "apply a bundle to your own input",
    "chat": "talk with a chat, a line each",
    "stream": "answer as the data come, from a file, a pipe or the microphone",
    "export": "write a bundle for LiteRT or ONNX",
    "results": "compare bundles of an application in one table",
    "doctor": "say which kernels run a model's recurrent layers here",
    "benchmark": "measure speed: --help lists what",
}

# The module that an application needs to have a command.
MODULES = {
    "train": "train",
    "evaluate": "evaluate",
    "predict": "predictor",
    "stream": "stream",
    "export": "export",
    "results": "evaluate",
}


def help_text() -> str:
    """What `rnnapps --help` prints."""
    commands = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    applications = "\n".join(f"  {name:<14} {about.summary}" for name, about in APPLICATIONS.items())
    return f"""\
usage: rnnapps COMMAND [APPLICATION] [OPTIONS]
       rnnapps COMMAND APPLICATION --help

commands:
{commands}

applications:
{applications}

Every command takes --debug, which shows the traceback of an error. Exit status: 0, 1 for a
failure, 2 for wrong use, 130 when interrupted. Version {__version__}.
"""


def dispatch(arguments: list[str]) -> None:
    """Call the `main` of the command that the first word of `arguments` names."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text(), end="")
        return
    if arguments[0] == "--version":
        print(__version__)
        return
    command, *rest = arguments
    if command not in COMMANDS:
        raise UsageError(f"no command '{command}': use one of {', '.join(COMMANDS)}")
    module = import_module(f"rnnapps.commands.{command}")
    if command not in MODULES:
        module.main(rest)
        return
    known = with_module(MODULES[command])
    if rest[:1] in (["-h"], ["--help"]):
        print(f"usage: rnnapps {command} {'|'.join(known)} [OPTIONS]")
        return
    module.main(first_word(command, rest, known), rest[1:])


def main() -> None:
    """Entry point of the command `rnnapps`."""
    run(dispatch, sys.argv[1:])
