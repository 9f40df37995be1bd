"""What the examples of every application have in common, whatever kind of data they hold."""

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import chain
from typing import Any, Protocol, TypeVar

import numpy as np

from rnnapps.errors import UserError


class Examples(Protocol):
    """The examples of a split: a dataclass, whose lists and arrays have an entry for each example."""

    def __len__(self) -> int: ...

    def digest(self) -> str:
        """A fingerprint of their content, by which a bundle knows what it was scored on."""
        ...


Kind = TypeVar("Kind", bound=Examples)


def choose_split(splits: Mapping[str, Kind], split: str, source: str) -> Kind:
    """The examples of a split, or of "all", one after the other.

    Raises:
        UserError: there are none; `source` is what they were read from.
    """
    chosen = [one for name, one in splits.items() if split in (name, "all") and len(one)]
    if not chosen:
        raise UserError(f"{source}: its {split} split has no examples")
    return merged(chosen)


def merged(some: list[Kind]) -> Kind:
    """The examples of several splits as those of one."""
    first: Any = some[0]
    joined: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(one, field.name) for one in some]
        if isinstance(values[0], list):
            joined[field.name] = list(chain.from_iterable(values))
        elif isinstance(values[0], np.ndarray):
            joined[field.name] = np.concatenate(values)
    return replace(first, **joined)
