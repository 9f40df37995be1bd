"""The options that the commands `rnnapps evaluate` of all applications share."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.command_line import expand_config_file, last_value, parse
from rnnapps.data.columns import MEMORY
from rnnapps.errors import UserError
from rnnapps.outputs import check_file


@dataclass(frozen=True)
class SourceOptions:
    """A bundle, and the source of the examples. A subclass has the application's field `source`."""

    model: str = ""
    """path or name of a bundle"""
    json: str | None = None
    """file to write the scores to; - is standard output, in place of the table"""

    def __post_init__(self):
        if self.json not in (None, "-"):
            check_file(Path(self.json))


@dataclass(frozen=True)
class EvaluationOptions(SourceOptions):
    """What is scored. Further fields of a subclass are options of the application's `evaluate`."""

    split: Literal["auto", "train", "validation", "test", "all"] = "auto"
    """examples to score; auto: the test split of the source that the bundle was trained on or of one
    that has splits, and all examples of another file"""

    def call_options(self) -> dict[str, Any]:
        """The options that the application's `evaluate` is called with."""
        shared = {*(field.name for field in fields(EvaluationOptions)), "source", "plot"}
        return {
            field.name: getattr(self, field.name) for field in fields(self) if field.name not in shared
        }


def source_options(
    kind: Any, arguments: list[str], prog: str, application: str
) -> tuple[Any, Path, dict[str, Any], Any]:
    """The options of a command on the examples of a source.

    A flag of the source that is not given is as in the training of the bundle.

    Args:
        kind: a subclass of `SourceOptions`, with a field `source`.
        arguments: the words behind the command.
        prog: the command, as shown in its help.
        application: whose bundle it has to be.

    Returns:
        The options, the path of the bundle, its settings (`rnnapps.bundle.check`), and the configuration
        that it was trained with.

    Raises:
        UserError: no such bundle, or one whose training data are not at hand and none are given.
    """
    arguments = expand_config_file(arguments)
    if {"-h", "--help"} & set(arguments):
        parse(kind, arguments, prog)  # ends here
    model = last_value(arguments, "--model") or kind.model
    path = bundle.find(model)
    settings = bundle.check(path, application)
    trained = bundle.read_config(path, class_of(application, "Config"))
    options = parse(kind, arguments, prog, kind(model=model, source=trained.source))
    if options.source.data == MEMORY:
        raise UserError(f"{path}: the examples of its training were in memory: give others with --data")
    return options, path, settings, trained


def split_to_score(split: str, data: str, trained_on: str) -> str:
    """The split that "auto" means: "all" of a file that is not that of the training, or "test"."""
    if split != "auto":
        return split
    same = Path(data).absolute() == Path(trained_on).absolute()
    return "all" if Path(data).is_file() and not same else "test"
