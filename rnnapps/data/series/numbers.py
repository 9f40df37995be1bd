"""Numbers of tables from outside."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MISSING = {"", "na", "n/a", "nan", "null", "none", "<na>"}
LARGEST = float(np.finfo("float32").max)
TRUTHS = {"true": 1.0, "false": 0.0}
_INFINITE = "not finite"
_COMMA = re.compile(r"[+-]?\d*,\d+")


def numbers(
    values: Sequence[Any], decimal_comma: bool, bad: Callable[[int, str], None] | None = None
) -> np.ndarray:
    """The numbers of a column, float64 `(rows,)`, NaN where nothing is known.

    Args:
        values: of the column; texts, numbers, True and False.
        decimal_comma: whether "1,234" is a little more than one: in a table that is divided by semi-
            colons. Elsewhere it may be a thousand, and only "1,5" or "1,25" is read.
        bad: told of each row whose value is no finite number, and of the problem; it becomes NaN.
    """
    found = _at_once(values)
    for row in np.flatnonzero(~(np.abs(found) <= LARGEST)).tolist():
        found[row] = np.nan
        number = number_of(values[row], decimal_comma)
        if not isinstance(number, str):
            found[row] = number
        elif bad is not None:
            bad(row, number)
    return found


def _at_once(values: Sequence[Any]) -> np.ndarray:
    """The numbers that pandas takes for such, float64 `(rows,)`, NaN where one is to be looked at."""
    import pandas as pd

    try:
        found = np.asarray(pd.to_numeric(pd.Series(values, dtype="object"), errors="coerce"))
    except OverflowError:  # of an integer of hundreds of digits
        return np.full(len(values), np.nan)
    return np.full(len(values), np.nan) if found.dtype.kind == "c" else found.astype("float64")


def are_numbers(values: Sequence[Any], decimal_comma: bool) -> bool:
    """Whether all values that a column has are numbers, and it has one; they may be infinite."""
    problems: list[str] = []
    found = numbers(values, decimal_comma, lambda _, problem: problems.append(problem))
    infinite = all(problem.endswith(_INFINITE) for problem in problems)
    return infinite and not np.isnan(found).all()


def number_of(value: Any, decimal_comma: bool) -> float | str:
    """The number of one cell, NaN where there is none, or the problem with it."""
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in MISSING:
            return np.nan
        if text.lower() in TRUTHS:
            return TRUTHS[text.lower()]
        if _COMMA.fullmatch(text):
            if not decimal_comma and len(text.partition(",")[2]) == 3:
                return f"'{text}' may be thousands or thousandths: write it without a comma"
            text = text.replace(",", ".")
        try:
            number = np.nan if "_" in text else float(text)  # which Python takes for a number
        except ValueError:
            number = np.nan
        if np.isnan(number):
            return f"'{text[:40]}' is not a number"
    else:
        try:
            number = float(value)
        except OverflowError:
            number = np.inf
        except (TypeError, ValueError):
            return f"a {type(value).__name__}, not a number"
    if abs(number) > LARGEST:
        return f"{number:g} is {_INFINITE}"
    return number
