"""What the commands `evaluate` of the applications share."""

import sys
from pathlib import Path
from typing import Any, TypeVar

from rnnapps import bundle
from rnnapps.command_line import expand_config_file, last_value, parse
from rnnapps.outputs import check_file

Options = TypeVar("Options")


def evaluation_options(
    options: type[Options], arguments: list[str] | None, application: str, command: str = "evaluate"
) -> tuple[Options, Any, Path, dict[str, Any]]:
    """The options of a command `rnnapps evaluate APPLICATION`, or another on the rows of a source.

    A flag of the source that is not given is as in the training of the bundle.

    Args:
        options: a dataclass with `model`, `json` and `source`.
        arguments: the words behind the command; without them those of this process.
        application: whose bundle it has to be.
        command: its first word.

    Returns:
        The options, the source that the bundle was trained on, its path and its `config.json`.
    """
    arguments = expand_config_file(sys.argv[1:] if arguments is None else arguments)
    prog = f"rnnapps {command} {application}"
    if {"-h", "--help"} & set(arguments):
        parse(options, arguments, prog)  # ends here
    model = last_value(arguments, "--model") or options.model
    path = bundle.find(model)
    settings = bundle.check(path, application)
    trained_on = type(options.source)(**settings["config"]["source"])
    given = parse(options, arguments, prog, options(model, source=trained_on))
    if given.json:
        check_file(Path(given.json))
    return given, trained_on, path, settings


def part_to_score(part: str, data: str, trained_on: str) -> str:
    """The part that `--part auto` means: "all" of a file that is not that of the training, or "test"."""
    if part != "auto":
        return part
    same = Path(data).absolute() == Path(trained_on).absolute()
    return "all" if Path(data).is_file() and not same else "test"
