"""Strokes in JSON."""

import json

import numpy as np
import pytest

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.json_strokes import find_json_strokes, has_strokes, read_json_strokes
from rnnapps.errors import UserError

STROKES = [[[282, 45.5], [281, 59]], [[-3, 7, 1220]]]
POINTS = [[282, 45.5, 0], [281, 59, 1], [-3, 7, 1]]


def written(file, *objects, form="lines"):
    lines = [json.dumps(one, ensure_ascii=False) for one in objects]
    file.write_text(f"[{','.join(lines)}]" if form == "array" else "\n".join(lines), "utf-8")
    return file


def lines_of(file, split="train", **options):
    return list(find_json_strokes(file, split, LineSourceConfig(**options)))


@pytest.mark.parametrize(
    ("name", "form"), [("a.jsonl", "lines"), ("a.json", "lines"), ("a.json", "array")]
)
def test_objects(tmp_path, name, form):
    file = written(
        tmp_path / name,
        {"text": "Tür zu", "strokes": STROKES, "writer": 3, "split": "val", "name": "first"},
        {"text": "auf", "strokes": [[], [[1, 2]]], "writer": "Ana", "split": None},
        {"strokes": [[[1, 2]]], "text": ""},
        form=form,
    )
    first, second, third = lines_of(file)
    assert (first.text, first.split, first.group) == ("Tür zu", "validation", "3")
    assert (second.text, second.split, second.group) == ("auf", "train", "Ana")
    assert (third.text, third.split, third.group) == ("", "train", None)
    assert second.where == f"{tmp_path}/{name}" + ("[1]" if form == "array" else ":2")
    points = first.read()
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_array_equal(second.read(), [[1, 2, 1]])
    names = [name for name, _ in read_json_strokes(file)]
    assert names == ["first", f"{name}[1]", f"{name}[2]"] if form == "array" else names[0] == "first"
    np.testing.assert_array_equal(read_json_strokes(file)[0][1], POINTS)


def test_the_form_of_quick_draw(tmp_path):
    drawing = [[[282, 281], [45.5, 59]], [[-3], [7], [1220]]]
    file = written(tmp_path / "a.ndjson", {"word": "cat", "recognized": True, "drawing": drawing})
    (line,) = lines_of(file, split="test")
    assert (line.text, line.split) == ("cat", "test")
    np.testing.assert_array_equal(line.read(), POINTS)


def test_a_text_of_another_name_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes('\ufeff{"said": "é", "strokes": [[[1, 2]]]}\r\n\r\n'.encode())
    assert [line.text for line in lines_of(file, text_column="said")] == ["é"]
    assert lines_of(file)[0].text == ""


def test_what_has_strokes(tmp_path):
    assert has_strokes(written(tmp_path / "a.jsonl", {"text": "x", "strokes": STROKES}))
    assert has_strokes(written(tmp_path / "b.json", {"drawing": [[[1], [2]]]}, form="array"))
    assert not has_strokes(written(tmp_path / "c.jsonl", {"file": "a.png", "text": "strokes"}))
    assert not has_strokes(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "no 'strokes' in it: a list of lists of points .x, y. was expected"),
        ({"strokes": None}, "no 'strokes' in it"),
        ({"strokes": "abc"}, "'strokes' is not a list of strokes"),
        ({"strokes": []}, "no strokes in it"),
        ({"strokes": [[], []]}, "no strokes in it"),
        ({"strokes": [[1, 2], [3, 4]]}, "stroke 1 of 'strokes' is not ..x, y., .... in numbers"),
        ({"strokes": [[[1, 2], [3]]]}, "stroke 1 of 'strokes' is not"),
        ({"strokes": [[[1, 2]], [["1", "2"]]]}, "stroke 2 of 'strokes' is not"),
        ({"strokes": [[[1, None]]]}, "stroke 1 of 'strokes' is not"),
        ({"strokes": [[[True, False]]]}, "stroke 1 of 'strokes' is not"),
        ({"strokes": [[[1], [2]]]}, "stroke 1 of 'strokes' is not"),
        ({"strokes": [{"x": 1}]}, "stroke 1 of 'strokes' is not"),
        ({"strokes": [[[1, 10**400]]]}, "stroke 1 of 'strokes' is not"),
        ({"drawing": [[[1, 2, 3], [3, 4]]]}, "stroke 1 of 'drawing' is not ..x, ...., .y, ..... in"),
        ({"strokes": [[[1, float("nan")]]]}, "a position that is NaN or beyond 10,000,000"),
        ({"strokes": [[[float("-inf"), 1]]]}, "a position that is NaN or beyond 10,000,000"),
        ({"strokes": [[[1, 2]] * 50_001]}, "50,001 points, more than the 50,000 of a line: divide it"),
        ({"strokes": [[[1, 2]]] * 5_001}, "5,001 strokes, more than the 5,000 of a line: divide it"),
        (
            {"strokes": STROKES, "split": "part 1"},
            "'split' is 'part 1': expected train, validation or test",
        ),
        ({"strokes": STROKES, "split": ["test"]}, "'split' is"),
        ({"strokes": STROKES, "writer": ["Ana"]}, "'writer' is a list, not a name"),
        ({"strokes": STROKES, "name": "\ud800"}, "'name' is not a Unicode text"),
    ],
)
def test_lines_that_are_bad_spare_the_others(tmp_path, fields, message):
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"strokes": STROKES}) + "\n" + json.dumps(fields) + "\n")
    good, bad = lines_of(file)
    np.testing.assert_array_equal(good.read(), POINTS)
    with pytest.raises(UserError, match=f"a.jsonl:2: {message}") as caught:
        bad.read()
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=f"a.jsonl:2: {message}"):
        read_json_strokes(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.json: not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"strokes": [\n', "a.json:1: not JSON"),
        (b'[{"strokes": []}, 3]', r"a.json\[1\]: not a JSON object"),
        (b'{"strokes": [], "strokes": []}', "two fields are named 'strokes'"),
        (b"\x1f\x8b\x08\0\0", "this is compressed .gz.: decompress it"),
        ('{"strokes": []}'.encode("utf-16"), "this is in UTF-16: convert it"),
        (b'{"text": "\xff"}', "a.json:1: not UTF-8"),
    ],
)
def test_files_that_are_bad(tmp_path, content, message):
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        lines_of(file)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(UserError, match="none.json: no such file"):
        lines_of(tmp_path / "none.json")
    with pytest.raises(UserError, match="is a directory"):
        read_json_strokes(tmp_path)
    endless = tmp_path / "a.json"
    endless.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="a.json: no plain file"):
        lines_of(endless)
    large = tmp_path / "large.json"
    with large.open("wb") as stream:
        stream.truncate(200_000_001)
    with pytest.raises(UserError, match="large.json: more than 200,000,000 bytes: divide it"):
        lines_of(large)
