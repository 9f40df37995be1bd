"""From a command's words to its configuration, and from an error to one line."""

import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rnnapps.errors import UsageError, UserError, brief

Config = TypeVar("Config")

AGAIN = 2.0  # seconds until an interruption that was not heard comes again
NARROWEST, WIDEST = 40, 400  # columns that a help is written for


def run(main: Callable[[list[str]], None], arguments: list[str] | None = None) -> None:
    """Run a command's `main` and exit with 0, 1 (failure), 2 (wrong use) or 130 (interrupted).

    An error that the user can mend is printed as one line; `--debug` shows the traceback.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]
    open_streams()
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("rnnapps").setLevel(logging.INFO)
    with interruption() as interrupted:
        try:
            main(arguments)
            sys.stdout.flush()  # here, where an error can be told
        except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
            _drop_output()
        except (Exception, KeyboardInterrupt) as error:
            # What a library makes of an interruption may be any other error.
            stopped = interrupted() or isinstance(error, KeyboardInterrupt)
            if debug or not (stopped or isinstance(error, (UserError, OSError, MemoryError))):
                raise
            try:
                sys.stdout.flush()
            except OSError:  # it is full
                _drop_output()
            _print_error("interrupted" if stopped else describe(error))
            sys.exit(130 if stopped else getattr(error, "status", 1))


def open_streams() -> None:
    """Make the standard streams usable, whatever the process was given.

    One that is closed reads nothing and writes nowhere; else the next file that is opened would take its
    place. What the encoding of the console lacks is written as an escape.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
            _fill(number)
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _fill(number: int) -> None:
    """Let a file descriptor that is closed lead nowhere."""
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)


def _drop_output() -> None:
    """Let what is still to be written to standard output go nowhere."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _print_error(line: str) -> None:
    with contextlib.suppress(OSError):  # standard error may be a broken pipe
        print(f"error: {line}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Within it, Ctrl-C raises KeyboardInterrupt until that is heard; it yields whether there was one.

    Python raises it wherever it is, which may be a callback of a library, or the import of one, that
    swallows it.
    """
    heard = threading.Event()
    came = threading.Event()
    main, previous = threading.get_ident(), signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield came.is_set  # only the main thread handles signals; a job in the background ignores it
        return

    def again() -> None:
        while not heard.wait(AGAIN):
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(main, signal.SIGINT)  # it ends a call that waits
            else:  # Windows
                signal.raise_signal(signal.SIGINT)

    def handle(number, frame) -> None:
        if not came.is_set():
            came.set()
            threading.Thread(target=again, daemon=True).start()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield came.is_set
    finally:
        heard.set()
        signal.signal(signal.SIGINT, previous)


def describe(error: BaseException) -> str:
    """One line about an error: its message, or what the operating system says and about which file."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {brief(error)}"
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
    columns = shutil.get_terminal_size().columns
    if not NARROWEST <= columns <= WIDEST:  # tyro never ends in five
        os.environ["COLUMNS"] = str(min(max(columns, NARROWEST), WIDEST))
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
