"""Ink from InkML (W3C 2011), a line a file."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from rnnapps.data.lines.found_line import FoundLine
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.strokes.points import to_points
from rnnapps.data.text_files import read_text
from rnnapps.errors import UserError, brief

SUFFIX = ".inkml"
LARGEST = 4_000_000  # bytes: a line has about 20,000, and each may be a quarter of an element
TEXT_TYPES = ("truth", "label", "transcription", "text")  # what annotations of the text are called
WRITER_TYPES = ("writer", "writerid")
VALUE = re.compile(r"([!'\"]?) ?([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[TF*?])")


def find_inkml(file: Path, split: str, config: LineSourceConfig) -> FoundLine:
    """The line of an InkML file, of a split; its group is its writer, if an annotation names one.

    Its text is that of an `annotation` of the type truth, label, transcription or text, or of such an
    `annotationXML`, of the ink or, without one, of its only group of traces; or else that of `NAME.txt`
    beside the file. A file that cannot be read has none, and says so when it is read.
    """
    try:
        ink = _parse(file)
        beside = file.with_suffix(".txt")
        text = _annotated(ink, TEXT_TYPES)
        if not text and beside.exists():
            text = read_text(beside, config).strip()
    except UserError as error:
        return FoundLine(str(file), "", split, None, partial(_refuse, error))
    writer = _annotated(ink, WRITER_TYPES) or None
    return FoundLine(str(file), text, split, writer, partial(read_inkml, file))


def _refuse(error: UserError) -> NoReturn:
    raise error


def read_inkml(file: Path) -> np.ndarray:
    """The points of all traces of an InkML file in their order, float32 `(points, 3)`.

    Other channels than X and Y are left out, and so are traces of a lifted pen. A trace that continues
    another (`continuation`) belongs to its stroke.

    Raises:
        UserError: no such file, not InkML, one with a DTD, larger than LARGEST, damaged, or see
            `to_points`.
    """
    ink = _parse(file)
    axes = _axes(ink, file)
    strokes: list[np.ndarray] = []
    for number, trace in enumerate(_all(ink, "trace"), start=1):
        if trace.get("type") == "penUp":
            continue
        stroke = _places(trace.text or "", axes, f"{file}: trace {number}")
        if trace.get("continuation") in ("middle", "end") and strokes:
            strokes[-1] = np.concatenate([strokes[-1], stroke])
        else:
            strokes.append(stroke)
    return to_points(strokes, str(file))


class _Builder(ElementTree.TreeBuilder):
    """Of elements, without a DTD: its entities could be made to fill the memory, or to read files."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        raise ValueError("it has a DTD, which InkML has no use for: remove the line <!DOCTYPE ...>")


def _parse(file: Path) -> Element:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(content) > LARGEST:
        raise UserError(f"{file}: more than {LARGEST:,} bytes: give a file for each line")
    try:
        ink = ElementTree.fromstring(content, ElementTree.XMLParser(target=_Builder()))
    except ElementTree.ParseError as error:
        raise UserError(f"{file}:{error.position[0]}: not InkML: {error.msg}") from None
    except (ValueError, LookupError) as error:  # the second of an unknown encoding
        raise UserError(f"{file}: not InkML: {brief(error)}") from None
    if _name(ink) != "ink":
        raise UserError(f"{file}: not InkML: it begins with <{brief(_name(ink))}>, not <ink>")
    return ink


def _name(element: Element) -> str:
    """Of an element, without its namespace, which not all programs write."""
    return element.tag.rpartition("}")[2]


def _all(element: Element, name: str) -> Iterator[Element]:
    return (inner for inner in element.iter() if _name(inner) == name)


def _annotated(ink: Element, types: tuple[str, ...]) -> str:
    """What annotations of the ink say, or those of its only group; "" without any."""
    groups = [inner for inner in ink if _name(inner) in ("traceGroup", "traceView")]
    for element in (ink, *(groups if len(groups) == 1 else ())):
        for inner in element:
            if said := " ".join(_said(inner, types).split()):
                return said
    return ""


def _said(annotation: Element, types: tuple[str, ...]) -> str:
    name = _name(annotation)
    if name in ("annotation", "annotationXML") and annotation.get("type", "").lower() in types:
        return " ".join(annotation.itertext())
    if name == "annotationXML":
        return " ".join(one.text or "" for one in annotation if _name(one).lower() in types)
    return ""


def _axes(ink: Element, file: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Which of the channels X and Y are, and 1, or -1 where they grow the other way (`orientation`)."""
    found = set()
    for described in _all(ink, "traceFormat"):
        channels = [inner for inner in described if _name(inner) == "channel"]
        axes = {
            channel.get("name"): (place, -1 if channel.get("orientation") == "-ve" else 1)
            for place, channel in enumerate(channels)
        }
        if "X" not in axes or "Y" not in axes:
            raise UserError(f"{file}: its traceFormat has no channels X and Y")
        found.add((axes["X"], axes["Y"]))
    if len(found) > 1:
        raise UserError(f"{file}: traces of several formats: give each a file of its own")
    return found.pop() if found else ((0, 1), (1, 1))


def _places(text: str, axes: tuple[tuple[int, int], tuple[int, int]], where: str) -> np.ndarray:
    """The positions of a trace, `(points, 2)`: values, first (') or second (") differences.

    A prefix holds until the next one of its channel (InkML, section 3.2.1).
    """
    channels = [channel for channel, _ in axes]
    needed = 1 + max(channels)
    kinds = dict.fromkeys(channels, "!")
    values = dict.fromkeys(channels, 0.0)
    speeds = dict.fromkeys(channels, 0.0)
    places = []
    for number, point in enumerate(text.split(","), start=1):
        point = " ".join(point.split())
        if not point:
            continue
        said = VALUE.findall(point)[:needed]
        if len(said) < needed or VALUE.sub("", point).strip(" :"):
            raise UserError(
                f"{where}, point {number}: '{brief(point, 40)}': {needed} numbers were expected"
            )
        for channel in channels:
            kind, word = said[channel]
            kinds[channel] = kind or kinds[channel]
            if word in "TF?":
                raise UserError(f"{where}, point {number}: '{brief(point, 40)}': no position")
            before = values[channel]
            if word == "*":  # as before
                speeds[channel] = 0.0
            elif kinds[channel] == "'":
                speeds[channel] = float(word)
            elif kinds[channel] == '"':
                speeds[channel] += float(word)
            else:
                speeds[channel] = float(word) - before
            values[channel] = before + speeds[channel]
        places.append([sign * values[channel] for channel, sign in axes])
    return np.array(places, "float64").reshape(-1, 2)
