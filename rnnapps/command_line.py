"""From a command's words to its configuration, and from an error to one line."""

import logging
import os
import sys
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rnnapps.errors import UsageError, UserError

Config = TypeVar("Config")


def run(main: Callable[[list[str]], None], arguments: list[str] | None = None) -> None:
    """Run a command's `main` and exit with 0, 1 (failure) or 2 (wrong use).

    An error that the user can mend is printed as one line; `--debug` shows the traceback.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("rnnapps").setLevel(logging.INFO)
    try:
        main(arguments)
    except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (UserError, OSError, KeyboardInterrupt) as error:
        if debug:
            raise
        print(f"error: {describe(error)}", file=sys.stderr)
        sys.exit(getattr(error, "status", 1))


def describe(error: BaseException) -> str:
    """One line about an error: its message, or what the operating system says and about which file."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return f"{about}{error.strerror}"
    return " ".join(str(error).split())


def parse(
    config: type[Config], arguments: list[str], prog: str, default: Config | None = None
) -> Config:
    """Make a config of a command's words.

    Args:
        config: a dataclass, possibly of dataclasses; each field becomes a flag of its own name.
        arguments: the words behind the command. `--config FILE.toml` sets flags from a file
            (`units = 64`, in any table); the words given here override it.
        prog: the command, as shown in its help.
        default: values that stand where no flag does.

    Raises:
        SystemExit: with status 2, after the parser's message about a wrong flag or value.
        UserError: the TOML file cannot be read.
    """
    import tyro  # here, because it takes a tenth of a second and `rnnapps --help` does not need it

    arguments = expand_config_file(arguments)
    options: dict[str, Any] = {} if default is None else {"default": default}
    return tyro.cli(
        config,
        args=arguments,
        prog=prog,
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes),
        **options,
    )


def train_script(train: Callable[[Any], Any], config: type, application: str) -> None:
    """What `python -m rnnapps.APPLICATION.train` does: the command `rnnapps train APPLICATION`."""
    run(lambda arguments: train(parse(config, arguments, prog=f"rnnapps train {application}")))


def first_word(command: str, arguments: list[str], known: Sequence[str]) -> str:
    """The first word of a command's arguments, which chooses among what is known.

    Raises:
        UsageError: it is none of these.
    """
    if not arguments or arguments[0] not in known:
        given = f"'{arguments[0]}'" if arguments else "nothing"
        expected = known[0] if len(known) == 1 else f"one of {', '.join(known)}"
        raise UsageError(f"{command}: expected {expected}, got {given}")
    return arguments[0]


def last_value(arguments: list[str], flag: str) -> str | None:
    """The value that the words give to a flag, before they are parsed; the last counts, as there."""
    value = None
    for word, following in zip(arguments, [*arguments, None][1:], strict=True):
        if word == flag:
            value = following
        elif word.startswith(f"{flag}="):
            value = word.removeprefix(f"{flag}=")
    return value


def expand_config_file(arguments: list[str]) -> list[str]:
    """Put the flags of `--config FILE.toml` in front of the words, so that the words override them."""
    words, files = [], []
    rest = iter(arguments)
    for word in rest:
        if word == "--config":
            try:
                files.append(next(rest))
            except StopIteration:
                raise UsageError("--config needs the name of a TOML file") from None
        elif word.startswith("--config="):
            files.append(word.removeprefix("--config="))
        else:
            words.append(word)
    return [flag for file in files for flag in read_flags(file)] + words


def read_flags(file: str) -> list[str]:
    """The flags that a TOML file stands for: `units = 64` is `--units 64`, `resume = true` is
    `--resume`.
    """
    try:
        with Path(file).open("rb") as stream:  # Windows' editors begin a file with a mark
            encoding = "utf-16" if stream.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig"
        values = tomllib.loads(Path(file).read_text(encoding=encoding))
    except FileNotFoundError:
        raise UserError(f"{file}: no such file (given by --config)") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise UserError(f"{file}: not a TOML file: {error}") from None

    def flags(table: dict[str, Any]) -> list[str]:
        words = []
        for name, value in table.items():
            flag = name.replace("_", "-")
            if isinstance(value, dict):
                words += flags(value)
            elif isinstance(value, bool):
                words.append(f"--{flag}" if value else f"--no-{flag}")
            elif isinstance(value, list):
                words += [f"--{flag}", *map(str, value)]
            else:
                words.append(f"--{flag}={value}")  # in one word, as the value may begin with a dash
        return words

    return flags(values)
