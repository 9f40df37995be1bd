"""Values of tables from outside: what is missing, and what the name of a class can be."""

import math
from typing import Any

import numpy as np


def present(value: Any) -> Any:
    """A value, or "" where it is missing: None, NaN, and what pandas has for them."""
    if isinstance(value, str):  # as most are
        return value
    if isinstance(value, (float, np.floating)):
        return "" if math.isnan(value) else value
    return "" if value is None or type(value).__name__ in ("NAType", "NaTType") else value


def is_unicode(text: str) -> bool:
    """Whether a text can be written: JSON may have half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def name_problem(value: Any) -> str | None:
    """Why a value cannot be the name of a class, a word or a speaker, or None; "" is no name."""
    if isinstance(value, (float, np.floating)) and math.isinf(value):
        return f"{value}, not a name"
    if isinstance(value, str):
        return None if is_unicode(value) else "not a Unicode text (it has half a character)"
    if isinstance(value, (int, float, np.number, np.bool_)):
        return None
    return f"a {type(value).__name__}, not a name"


def name_of(value: Any) -> str:
    """The name that a value stands for, without white space around it.

    A whole number has one name, be it an integer or a float: a column of integers becomes one of floats
    where a value is missing.
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return str(value).strip()
