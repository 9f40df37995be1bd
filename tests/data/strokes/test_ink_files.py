"""Ink in any of its forms, by file and by folder."""

import json

import numpy as np
import pytest

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.ink_files import is_ink, list_ink, read_ink
from rnnapps.errors import UserError

INKML = '<ink><annotation type="truth">{}</annotation><trace>1 2, 3 4</trace></ink>'
POINTS = [[1, 2, 0], [3, 4, 1]]


@pytest.fixture
def folder(tmp_path):
    """Ink in InkML and in JSON, and other files."""
    for name in ("b", "a", "test/c", "Val/page/d"):
        file = tmp_path / f"{name}.inkml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(INKML.format(name))
    (tmp_path / "E.INKML").write_text(INKML.format("E"))
    line = json.dumps({"text": "of json", "strokes": [[[1, 2], [3, 4]]]})
    (tmp_path / "dev.jsonl").write_text(f"{line}\n{line}\n")
    (tmp_path / "about.json").write_text('{"strokes": "see the others"}')
    (tmp_path / "note.txt").write_text("no ink")
    return tmp_path


def listed(path):
    return [(line.text, line.split) for line in list_ink(path, LineSourceConfig())]


def test_a_folder_has_files_of_several_forms(folder):
    assert is_ink(folder)
    assert listed(folder) == [
        ("E", "train"),
        ("Val/page/d", "validation"),
        ("a", "train"),
        ("b", "train"),
        ("of json", "validation"),
        ("of json", "validation"),
        ("test/c", "test"),
    ]
    for line in list_ink(folder, LineSourceConfig()):
        np.testing.assert_array_equal(line.read(), POINTS)


def test_files(folder):
    assert is_ink(folder / "a.inkml")
    assert is_ink(folder / "dev.jsonl")
    assert not is_ink(folder / "about.json")
    assert not is_ink(folder / "note.txt")
    assert not is_ink(folder / "none.json")
    assert listed(folder / "E.INKML") == [("E", "train")]
    assert listed(folder / "dev.jsonl") == [("of json", "validation")] * 2
    ((name, points),) = read_ink(folder / "a.inkml")
    assert name == "a.inkml"
    np.testing.assert_array_equal(points, POINTS)
    assert [name for name, _ in read_ink(folder / "dev.jsonl")] == ["dev.jsonl:1", "dev.jsonl:2"]


def test_arrays_go_before_files(folder):
    """A folder of IAM-OnDB is that, whatever else lies in it."""
    np.savez(
        folder / "strokes.npz",
        dx=np.array([1, 2], "int16"),
        dy=np.array([2, 2], "int16"),
        end=np.packbits([0, 1]),
        lengths=np.array([2], "int32"),
    )
    (folder / "lines.tsv").write_text("a01-000u-01\tof arrays\n")
    (line,) = list_ink(folder, LineSourceConfig())
    assert (line.text, line.group) == ("of arrays", "a01-000u")
    np.testing.assert_array_equal(line.read(), POINTS)


def test_what_is_no_ink(tmp_path):
    (tmp_path / "page.json").write_text('[{"file": "a.png", "text": "x"}]')
    assert not is_ink(tmp_path)
    with pytest.raises(UserError, match="no ink in it .*inkml, .json, .jsonl, .ndjson, or strokes.npz"):
        listed(tmp_path)
    with pytest.raises(UserError, match="a.png: unknown kind of ink: expected .inkml"):
        read_ink(tmp_path / "a.png")
    with pytest.raises(UserError, match="nowhere: unknown kind of ink"):
        listed(tmp_path / "nowhere")
    with pytest.raises(UserError, match="none.inkml: no such file"):
        read_ink(tmp_path / "none.inkml")
