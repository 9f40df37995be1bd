"""Tables in memory, and the values that they may have."""

import math

import numpy as np
import pandas
import pytest

from rnnapps.data.columns import rows_in_memory
from rnnapps.data.values import name_of, name_problem, present
from rnnapps.errors import UserError


@pytest.mark.parametrize("value", [None, math.nan, np.float32("nan"), pandas.NA, pandas.NaT])
def test_what_is_missing_is_empty(value):
    assert present(value) == ""
    assert rows_in_memory({"text": [value]})["train"][0].fields == {"text": ""}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (" a ", "a"),
        (1, "1"),
        (1.0, "1"),
        (np.int64(3), "3"),
        (np.float32(2), "2"),
        (2.5, "2.5"),
        (True, "True"),
        (np.True_, "True"),
        (np.str_("x"), "x"),
    ],
)
def test_names(value, name):
    assert name_problem(value) is None and name_of(value) == name and type(name_of(value)) is str


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"a", math.inf, np.zeros(2), pandas.Timestamp(0)])
def test_what_is_no_name(value):
    assert "not a name" in name_problem(value)


def test_half_a_character_is_no_name():
    assert "not a Unicode text" in name_problem("\ud83d")


TEXTS = ["a", "b"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"text": "ab", "label": "cd"}, "the column 'text' is a str: expected a list or an array"),
        ({"text": {"a": 1}}, "the column 'text' is a dict"),
        ({"text": {"a", "b"}}, "the column 'text' is a set"),
        ({"text": 5}, "the column 'text' is a int"),
        ({"text": np.array("a")}, "the column 'text' has a single value"),
        ({1: TEXTS, "1": TEXTS}, "two columns are named '1': rename one of them"),
        (pandas.DataFrame([TEXTS] * 2, columns=["text", "text"]), "two columns are named 'text'"),
        ({"train": None}, "a NoneType: expected columns by name"),
    ],
)
def test_tables_that_are_none(table, message):
    with pytest.raises(UserError, match=message):
        rows_in_memory(table)


def test_columns_of_any_kind():
    frame = pandas.DataFrame({"text": pandas.Series(TEXTS, dtype="string"), "label": [0, 1]})
    frame["kind"] = pandas.Series(["x", "y"], dtype="category")
    expected = [{"text": "a", "label": 0, "kind": "x"}, {"text": "b", "label": 1, "kind": "y"}]
    assert [row.fields for row in rows_in_memory(frame)["train"]] == expected


def test_numbers_of_a_frame_are_those_of_python():
    columns = {"a": [1.5, math.nan], "b": [1, 2], "c": [True, False]}
    rows = rows_in_memory(pandas.DataFrame(columns))["train"]
    assert [row.fields for row in rows] == [{"a": 1.5, "b": 1, "c": True}, {"a": "", "b": 2, "c": False}]
    masked = pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64")})
    assert [row.fields["a"] for row in rows_in_memory(masked)["train"]] == [1, ""]
