"""Configs: frozen dataclasses, possibly of others, whose fields are the flags of a command."""

import shlex
import types
import typing
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, Union

from rnnapps.errors import UserError

LARGEST = 2**53  # the magnitude of a number: every integer below it is a float too
NOT_OF_THE_RESULT = (
    "--resume",
    "--overwrite",
    "--quiet",
    "--note",
)  # about what stood there, what is printed, or on the card itself


def flags(config: Any) -> dict[str, Any]:
    """The flags of a config of nested dataclasses, with their values."""
    values: dict[str, Any] = {}
    for field in fields(config):
        value = getattr(config, field.name)
        values |= flags(value) if is_dataclass(value) else {f"--{field.name.replace('_', '-')}": value}
    return values


def command(config: Any, prog: str) -> str:
    """The command that makes a config: `prog` and the flags that are not at their default."""
    default = flags(type(config)())
    words = [prog]
    for flag, value in flags(config).items():
        if value == default[flag] or flag in NOT_OF_THE_RESULT:
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, tuple):
            words += [flag, *map(shlex.quote, value)]
        else:
            divider = "=" if str(value).startswith("-") else " "  # before what would seem a flag
            words.append(f"{flag}{divider}{shlex.quote(str(value))}")
    return " ".join(words)


def with_values(default: Any, values: dict[str, Any]) -> Any:
    """A config with other values, such as those that `dataclasses.asdict` gave of one.

    Args:
        default: has the fields, and the values of those that are not given.
        values: by name; those of a nested config as a dict.

    Raises:
        UserError: a field that the config does not have, or a value of another type.
    """
    kinds = typing.get_type_hints(type(default))
    given = {}
    for name, value in values.items():
        if name not in kinds:
            raise UserError(f"'{name:.40}' is not known")
        part = getattr(default, name)
        value = tuple(value) if isinstance(value, list) else value  # as JSON has it
        if is_dataclass(part) and isinstance(value, dict):
            value = with_values(part, value)
        elif not _is_of(value, kinds[name]):
            raise UserError(f"'{name}' cannot be {value!r:.40}")
        given[name] = value
    return replace(default, **given)


def _is_of(value: Any, kind: Any) -> bool:
    """Whether a value read from JSON is of a field's type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(_is_of(value, argument) for argument in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(_is_of(one, arguments[0]) for one in value)
    if kind in (int, float):
        number = isinstance(value, (int, kind)) and not isinstance(value, bool)
        return number and -LARGEST <= value <= LARGEST  # which NaN is not
    return isinstance(value, kind)
