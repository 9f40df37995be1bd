"""Ink as SVG, as JSON and as a picture."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from written_ink import written

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.drawing import picture, svg, write_strokes, write_svg
from rnnapps.data.strokes.features import letter_height
from rnnapps.data.strokes.ink_files import is_ink
from rnnapps.data.strokes.json_strokes import find_json_strokes
from rnnapps.data.strokes.points import to_points, to_strokes

NAME = "{http://www.w3.org/2000/svg}"
DOT = to_points([np.array([[5.0, 5.0]])], "dot")


@pytest.fixture(scope="module")
def ink():
    return written()


def test_svg_has_a_path_for_each_stroke(ink, tmp_path):
    write_svg(tmp_path / "ink.svg", ink)
    document = ElementTree.parse(tmp_path / "ink.svg").getroot()
    paths = [path.get("d") for path in document.iter(f"{NAME}path")]
    strokes = to_strokes(ink)
    assert len(paths) == len(strokes)
    scale = 24 / letter_height(ink)
    left, top = ink[:, :2].min(axis=0)
    for path, stroke in zip(paths, strokes, strict=True):
        numbers = np.array(re.findall(r"[\d.]+(?=[, ]|$)", path.removesuffix(" h0")), float)
        expected = (stroke - [left, top]) * scale + 24
        np.testing.assert_allclose(numbers.reshape(-1, 2), expected, atol=0.051)
    assert sum(path.endswith(" h0") for path in paths) == 2  # the dots of i
    width, height = (float(document.get(side)) for side in ("width", "height"))
    np.testing.assert_allclose([width, height], np.ptp(ink[:, :2], axis=0) * scale + 48, atol=0.51)
    assert svg(ink) == (tmp_path / "ink.svg").read_text()
    assert svg(ink * np.float32([3, 3, 1])) == svg(ink)  # of the same size on the page


def test_json_is_read_again(ink, tmp_path):
    file = tmp_path / "written.json"
    lines = [('say "é"\n', ink), ("dot", DOT), ("half \ud800", DOT)]
    write_strokes(file, lines[:1])
    assert is_ink(file)
    ((text, points),) = [
        (line.text, line.read()) for line in find_json_strokes(file, "train", LineSourceConfig())
    ]
    assert text == lines[0][0]
    np.testing.assert_allclose(points, ink, atol=6e-4)
    write_strokes(file, lines)
    found = list(find_json_strokes(file, "train", LineSourceConfig()))
    assert [line.text for line in found] == [text for text, _ in lines]
    np.testing.assert_array_equal(found[1].read(), DOT)


def test_a_picture_has_the_ink_and_nothing_else(ink):
    drawn = picture(ink, 64)
    assert drawn.dtype == np.uint8
    width, height = np.ptp(ink[:, :2], axis=0) + letter_height(ink)
    assert drawn.shape == (64, round(64 * width / height))
    assert drawn.min() < 40
    assert (drawn[[0, -1]] == 255).all()
    assert (drawn[:, [0, -1]] == 255).all()
    assert 0.01 < (drawn < 128).mean() < 0.2
    assert ((drawn > 60) & (drawn < 200)).sum() > 200  # its edges are smooth
    scale = 64 / height
    middle = letter_height(ink) / 2
    x, y = (scale * (ink[:, :2] - ink[:, :2].min(axis=0) + middle)).T.astype(int)
    assert (drawn[y, x] < 200).mean() > 0.95
    np.testing.assert_array_equal(picture(ink * np.float32([4, 4, 1]), 64), drawn)


@pytest.mark.parametrize(
    ("strokes", "shape"),
    [
        ([[[5, 5]]], (32, 32)),
        ([[[0, 0], [1e6, 0]]], (32, 1600)),
        ([[[0, 0], [0, 1e6]]], (32, 12)),
    ],
)
def test_ink_of_odd_shape(strokes, shape):
    ink = to_points([np.array(stroke) for stroke in strokes], "ink")
    drawn = picture(ink, 32)
    assert drawn.shape[0] == shape[0]
    assert drawn.shape[1] == pytest.approx(shape[1], abs=3)
    assert drawn.min() < 200
    ElementTree.fromstring(svg(ink))
