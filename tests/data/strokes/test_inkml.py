"""Ink from InkML."""

import time

import numpy as np
import pytest

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.inkml import find_inkml, read_inkml
from rnnapps.errors import UserError

OPEN = '<ink xmlns="http://www.w3.org/2003/InkML">'
XY = '<channel name="X" type="decimal"/><channel name="Y" type="decimal"/>'


def points_of(tmp_path, body, head=OPEN):
    file = tmp_path / "a.inkml"
    file.write_text(f"{head}{body}</ink>", "utf-8")
    return read_inkml(file)


def found(tmp_path, body):
    file = tmp_path / "a.inkml"
    file.write_text(f"{OPEN}{body}<trace>1 2</trace></ink>", "utf-8")
    return find_inkml(file, "train", LineSourceConfig())


def test_traces_are_strokes_in_their_order(tmp_path):
    points = points_of(
        tmp_path,
        "<trace>282 45, 281 59.5,284-3 </trace><traceGroup><traceGroup><trace>\n.5e1 2\n</trace>"
        "</traceGroup></traceGroup><traceView traceDataRef='#x'/><trace>7 8,\r\n9 10,</trace>",
    )
    assert points.dtype == np.float32
    expected = [[282, 45, 0], [281, 59.5, 0], [284, -3, 1], [5, 2, 1], [7, 8, 0], [9, 10, 1]]
    np.testing.assert_array_equal(points, expected)
    without = points_of(tmp_path, "<trace>1 2 990, 3 4 991</trace>", "<?xml version='1.0'?><ink>")
    np.testing.assert_array_equal(without, [[1, 2, 0], [3, 4, 1]])


def test_differences_as_in_the_standard(tmp_path):
    """The example of section 3.2.1 of InkML, and its table."""
    trace = "1125 18432,'23'43,\"7\"-8,3-5,7-3,6 2,6 8,3 6T,2 4*T,3 6,3-6F"
    channels = '<intermittentChannels><channel name="B" type="boolean"/></intermittentChannels>'
    points = points_of(tmp_path, f"<traceFormat>{XY}{channels}</traceFormat><trace>{trace}</trace>")
    x = [1125, 1148, 1178, 1211, 1251, 1297, 1349, 1404, 1461, 1521, 1584]
    y = [18432, 18475, 18510, 18540, 18567, 18596, 18633, 18676, 18723, 18776, 18823]
    np.testing.assert_array_equal(points[:, 0], x)
    np.testing.assert_array_equal(points[:, 1], y)
    explicit = points_of(
        tmp_path, "<trace>10 20,'1'2,!5 3,* *</trace>"
    )  # a prefix holds for its channel
    np.testing.assert_array_equal(explicit[:, :2], [[10, 20], [11, 22], [5, 25], [5, 25]])


def test_channels_by_their_names(tmp_path):
    form = '<traceFormat><channel name="T"/><channel name="Y" orientation="-ve"/><channel name="X"/>'
    head = f'{OPEN}<definitions><context xml:id="c">{form}</traceFormat></context></definitions>'
    points = points_of(tmp_path, "<trace>0 -7 3, 5 -8 4</trace>", head)
    np.testing.assert_array_equal(points, [[3, 7, 0], [4, 8, 1]])


def test_lifted_and_continued_traces(tmp_path):
    points = points_of(
        tmp_path,
        '<trace>1 1</trace><trace type="penUp">5 5,6 6</trace><trace continuation="begin">2 2</trace>'
        '<trace continuation="end">3 3</trace><trace/>',
    )
    np.testing.assert_array_equal(points, [[1, 1, 1], [2, 2, 0], [3, 3, 1]])


@pytest.mark.parametrize(
    "body",
    [
        '<annotation type="writer">w</annotation><annotation type="truth"> Tür  zu\n</annotation>',
        '<annotation type="Label">Tür zu</annotation>',
        '<annotationXML type="transcription"><w>Tür</w><w>zu</w></annotationXML>',
        "<annotationXML><page>3</page><transcription>Tür zu</transcription></annotationXML>",
        '<traceGroup><annotation type="text">Tür zu</annotation></traceGroup>',
    ],
)
def test_texts(tmp_path, body):
    assert found(tmp_path, body).text == "Tür zu"


def test_a_text_beside_and_a_writer(tmp_path):
    line = found(tmp_path, '<annotation type="writer">w 3</annotation>')
    assert (line.text, line.group, line.split, line.where) == ("", "w 3", "train", f"{tmp_path}/a.inkml")
    np.testing.assert_array_equal(line.read(), [[1, 2, 1]])
    (tmp_path / "a.txt").write_bytes("\ufeffgrün\r\n".encode())
    parts = "".join(
        f'<traceGroup><annotation type="truth">{one}</annotation></traceGroup>' for one in "ab"
    )
    assert found(tmp_path, parts).text == "grün"  # those of parts are not that of the line
    assert found(tmp_path, "").group is None
    (tmp_path / "a.txt").write_bytes(b"gr\xfcn")
    with pytest.raises(UserError, match="a.txt:1: not UTF-8"):
        found(tmp_path, "").read()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.inkml:1: not InkML: no element found"),
        (b"<ink><trace>1 2</trace>", "a.inkml:1: not InkML: no element found"),
        (b"\n<ink>\xff</ink>", "a.inkml:2: not InkML: not well-formed"),
        (b"<html/>", "not InkML: it begins with <html>, not <ink>"),
        (b'<?xml version="1.0" encoding="foo"?><ink/>', "not InkML: unknown encoding"),
        (b'<!DOCTYPE ink [<!ENTITY a "aa">]><ink>&a;</ink>', "it has a DTD.*: remove the line"),
        ('<!DOCTYPE ink SYSTEM "file:///etc/passwd"><ink/>'.encode("utf-16"), "it has a DTD"),
        (b"<ink>&a;</ink>", "undefined entity"),
        (b"<ink/>", "a.inkml: no strokes in it"),
        (b"<ink><trace>  </trace></ink>", "a.inkml: no strokes in it"),
        (b"<ink><trace>1 2,3</trace></ink>", "trace 1, point 2: '3': 2 numbers were expected"),
        (b"<ink><trace>1 2,a b</trace></ink>", "trace 1, point 2: 'a b': 2 numbers were expected"),
        (b"<ink><trace>1 ?</trace></ink>", "trace 1, point 1: '1 [?]': no position"),
        (b"<ink><trace>NaN NaN</trace></ink>", "2 numbers were expected"),
        (b"<ink><trace>1 1e999</trace></ink>", "a position that is NaN or beyond 10,000,000"),
        (b"<ink><traceFormat/><trace>1 2</trace></ink>", "its traceFormat has no channels X and Y"),
        (
            f"<ink><traceFormat>{XY}</traceFormat><traceFormat><channel name='T'/>{XY}</traceFormat>"
            f"</ink>".encode(),
            "traces of several formats",
        ),
        (b"<ink>" + b"<trace>1 1</trace>" * 50_001 + b"</ink>", "50,001 points, more than the 50,000"),
        (b" " * 4_000_001, "more than 4,000,000 bytes: give a file for each line"),
        (b"<ink>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</ink>", "no strokes in it"),
        (b"<ink><trace>" + b" " * 3_000_000 + b"</trace></ink>", "no strokes in it"),
        (b"<ink><trace>" + b"-" * 3_000_000 + b"</trace></ink>", "2 numbers were expected"),
        (b"<ink><trace>1 " + b"1" * 3_000_000 + b"</trace></ink>", "NaN or beyond"),
    ],
)
def test_files_that_are_bad(tmp_path, content, message):
    file = tmp_path / "a.inkml"
    file.write_bytes(content)
    start = time.perf_counter()
    line = find_inkml(file, "test", LineSourceConfig())
    assert line.split == "test"
    with pytest.raises(UserError, match=message) as caught:
        line.read()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert time.perf_counter() - start < 5


def test_no_such_file(tmp_path):
    with pytest.raises(UserError, match="none.inkml: no such file or directory"):
        read_inkml(tmp_path / "none.inkml")
    with pytest.raises(UserError, match="is a directory"):
        read_inkml(tmp_path)
