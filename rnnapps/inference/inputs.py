"""The inputs that a predictor is called with: one, or several in a list."""

from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from rnnapps.errors import UserError


def dimensions(inputs: Any) -> int | None:
    """The number of dimensions of an array of numbers, of any library, or None of anything else.

    An array of texts, such as names of files, is anything else.
    """
    if not (hasattr(inputs, "__array__") or hasattr(inputs, "__array_interface__")):
        return None
    array = np.asarray(inputs)
    return None if array.dtype.kind in "OU" else array.ndim


def several(inputs: Any, what: str) -> list[Any]:
    """Inputs as a list.

    Args:
        inputs: a list, a tuple, an array, a Series or anything else with an order.
        what: they are, in the plural.

    Raises:
        UserError: it has no values in an order: a dict or a DataFrame, of which Python would give the
            names of the columns, a set, bytes, a number, or nothing.
    """
    no_order = isinstance(inputs, (bytes, bytearray, Mapping, Set)) or hasattr(inputs, "columns")
    try:
        if not no_order:
            return list(inputs)
    except TypeError:
        pass
    raise UserError(f"{what}: expected one, or a list of them, got a {type(inputs).__name__}")
