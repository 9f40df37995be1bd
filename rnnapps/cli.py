"""The command `rnnapps`: the table of its commands, and nothing else.

Each command is the function `main(arguments)` of a module, which is imported when it is called, so
that `rnnapps --help` answers at once.
"""

import sys
from importlib import import_module

from rnnapps import APPLICATIONS, __version__
from rnnapps.command_line import first_word, run
from rnnapps.errors import UsageError

COMMANDS = {  # command: (module, what it does)
    "train": ("rnnapps.{}.train", "train a model and write it as a bundle"),
    "evaluate": ("rnnapps.{}.evaluate", "score a bundle on test rows, beside its baseline"),
    "predict": ("rnnapps.{}.infer", "apply a bundle to your own input"),
    "stream": ("rnnapps.{}.stream", "recognise words in a recording or from the microphone: keywords"),
    "export": ("rnnapps.{}.export", "write a bundle's step for LiteRT or ONNX: keywords"),
    "benchmark": (
        "rnnapps.benchmark.{}",
        "measure: input or predict APPLICATION, layers, decoder, parallel, translation, captioning",
    ),
    "doctor": ("rnnapps.doctor", "say which kernels run a model's recurrent layers here"),
    "list": ("rnnapps.listing", "list the applications and the bundles that are here"),
}

HELP = f"""\
usage: rnnapps COMMAND [APPLICATION] [OPTIONS]
       rnnapps COMMAND APPLICATION --help

{chr(10).join(f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items())}

applications: {", ".join(APPLICATIONS)}
Every command takes --debug, which shows the traceback of an error. Exit status: 0, 1 for a
failure, 2 for wrong use. Version {__version__}.
"""

FIRST_WORDS = {  # of commands that not every application has
    "benchmark": ("input", "predict", "layers", "decoder", "parallel", "translation", "captioning"),
    "stream": ("keywords",),
    "export": ("keywords",),
}


def dispatch(arguments: list[str]) -> None:
    """Call the `main` of the module that the first words of `arguments` name."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP, end="")
        return
    if arguments[0] == "--version":
        print(__version__)
        return
    command, *rest = arguments
    if command not in COMMANDS:
        raise UsageError(f"no command '{command}': use one of {', '.join(COMMANDS)}")
    module, _ = COMMANDS[command]
    if "{}" in module:
        known = FIRST_WORDS.get(command, APPLICATIONS)
        if rest[:1] in (["-h"], ["--help"]):
            print(f"usage: rnnapps {command} {'|'.join(known)} [OPTIONS]")
            return
        module, rest = module.format(first_word(command, rest, known)), rest[1:]
    import_module(module).main(rest)


def main() -> None:
    """Entry point of the command `rnnapps`."""
    run(dispatch, sys.argv[1:])
