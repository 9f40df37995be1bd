"""Pages in ALTO and PAGE XML: their lines, and the texts of these.

    page = read_page(Path("page.xml"))
    texts = {line.id: reader(pixels) for line, pixels in lines_of(page)}
    write_page(Path("page.xml"), texts, Path("read/page.xml"))

To find the lines of a page is the work of others, such as kraken, eScriptorium and Transkribus.
"""

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from rnnapps import outputs
from rnnapps.data.pictures.line_pixels import read_grey, read_line
from rnnapps.data.pictures.page_elements import Element, parse, read_xml
from rnnapps.data.pictures.page_line import PageLine
from rnnapps.data.pictures.page_pictures import cut, find_picture, scale_of
from rnnapps.errors import UserError, brief

log = logging.getLogger(__name__)

ALTO, PAGE = "alto", "PcGts"  # names of the roots
ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:alto|PcGts)[\s>]")
BEGINNING = 65_536  # bytes in which a root stands, behind notes of any length
NUMBER = re.compile(r"-?\d+(?:\.\d*)?", re.ASCII)
MOST_POINTS = 2_000  # of a polygon: of one with more, as noise has, some are passed over
BOX = ("HPOS", "VPOS", "WIDTH", "HEIGHT")
WORDS = ("String", "SP", "HYP")  # of ALTO, which has no other text
TEXTS = ("Word", "TextEquiv")  # of PAGE, where a line has a text of its own too
BEHIND_TEXTS = ("TextStyle", "UserDefined", "Labels")
# What XML has no way to write.
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Edit = tuple[int, int, str]  # the bytes from the first to the second become the third


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page as ALTO or PAGE XML has it.

    Attributes:
        file: its XML.
        picture: the file of its picture.
        size: its width and height in its own measures, or None if they are the picture's pixels.
        lines: in the order of the file.
    """

    file: Path
    picture: Path
    size: tuple[float, float] | None
    lines: tuple[PageLine, ...]


def is_page(file: Path) -> bool:
    """Whether a file begins as ALTO or PAGE XML does, as other XML beside it, such as METS, does not."""
    try:
        with file.open("rb") as stream:
            beginning = stream.read(BEGINNING)
    except OSError:
        return False
    return ROOT.search(beginning.replace(b"\0", b"")) is not None  # which UTF-16 has


def read_page(file: Path) -> Page:
    """Read a page in ALTO (2 to 4) or PAGE XML (2013, 2019).

    Raises:
        UserError: see `read_xml`, `parse` and `find_picture`; also other XML, two lines with one id, or
            measures that are not pixels where the page has no size.
    """
    root = _root(file, read_xml(file)[0])
    page = root.first("Page")
    about = page.attributes if page else {}
    if root.name == ALTO:
        name = root.first("fileName")
        picture, size = name.text if name else "", (about.get("WIDTH"), about.get("HEIGHT"))
        unit = root.first("MeasurementUnit")
        measure = unit.text.strip() if unit else "pixel"
    else:
        picture, size = (
            about.get("imageFilename", ""),
            (about.get("imageWidth"), about.get("imageHeight")),
        )
        measure = "pixel"
    width, height = (max(_number(value) or 0.0, 0.0) for value in size)
    if measure != "pixel" and not (width and height):
        raise UserError(f"{file}: measured in {measure}, but its Page has no WIDTH and HEIGHT: add them")
    read = _alto_line if root.name == ALTO else _page_line
    return Page(
        file,
        find_picture(file, picture),
        (width, height) if width and height else None,
        tuple(read(identity, line) for identity, line in _lines(root, file).items()),
    )


def lines_of(page: Page) -> Iterator[tuple[PageLine, np.ndarray]]:
    """The lines of a page with their grey pixels, uint8 `(height, width)`, one at a time.

    Each is cut from the picture by its polygon; outside of it is paper. A line that cannot be cut is
    named in a warning and left out.

    Raises:
        UserError: see `decode` and `scale_of`, of the page's picture.
    """
    pixels = read_grey(page.picture)
    scale = scale_of(page.size, pixels, str(page.file))
    for line in page.lines:
        try:
            yield line, cut_line(pixels, line, scale, where_of(page, line))
        except UserError as error:
            log.warning("left out: %s", error)


def cut_line(pixels: np.ndarray, line: PageLine, scale: np.ndarray, where: str) -> np.ndarray:
    """The grey pixels of a line, uint8 `(height, width)`.

    Args:
        pixels: of the page's picture, uint8 `(height, width)`.
        line: of the page.
        scale: see `scale_of`.
        where: what errors call it.

    Raises:
        UserError: see `cut` and `read_line`.
    """
    return read_line(cut(pixels, line.polygon * scale, where), where)


def where_of(page: Page, line: PageLine) -> str:
    """What errors call a line."""
    return f"{page.file}: line '{brief(line.id, 40)}'"


def write_page(
    file: Path,
    texts: Mapping[str, str],
    output: Path,
    confidences: Mapping[str, float] | None = None,
) -> None:
    """Write a page again, with other texts.

    All else stays byte for byte, but what the lines that are written had of words, which would say
    something else, and in PAGE the text of their regions. What XML cannot hold becomes U+FFFD.

    Args:
        file: the page.
        texts: of lines, by their ids; lines that are not in it stay as they are.
        output: the file to write, whole or not at all.
        confidences: of lines, from 0 to 1, by their ids.

    Raises:
        UserError: see `read_xml` and `parse`; also other XML, or two lines with one id.
        OSError: it cannot be written.
    """
    data, encoding = read_xml(file)
    root = _root(file, data)
    edits: list[Edit] = []
    written = set()
    for identity, line in _lines(root, file).items():
        if identity in texts:
            written.add(line)
            text = ILLEGAL.sub("\ufffd", texts[identity])
            confidence = (confidences or {}).get(identity)
            if root.name == ALTO:
                edits += _edits(data, line, _string(line, text, confidence), WORDS, ())
            else:
                edits += _edits(data, line, _equivalent(line, text, confidence), TEXTS, BEHIND_TEXTS)
    for region in root.all("TextRegion"):
        if not written.isdisjoint(region.all("TextLine")):
            edits += [_removal(data, child) for child in region.own("TextEquiv")]
    outputs.write(output, _edited(data, edits).decode().encode(encoding, "xmlcharrefreplace"))


def _root(file: Path, data: bytes) -> Element:
    root = parse(file, data)
    if root.name not in (ALTO, PAGE):
        raise UserError(f"{file}: <{brief(root.tag, 40)}>: expected ALTO (<alto>) or PAGE XML (<PcGts>)")
    if sum(1 for _ in root.all("Page")) > 1:
        raise UserError(f"{file}: several pages: write each to a file of its own")
    return root


def _lines(root: Element, file: Path) -> dict[str, Element]:
    """The lines of a page by their ids; those without one are counted."""
    lines: dict[str, Element] = {}
    for number, line in enumerate(root.all("TextLine"), start=1):
        identity = line.attributes.get("ID" if root.name == ALTO else "id") or f"line {number}"
        if identity in lines:
            raise UserError(f"{file}: two lines have the id '{brief(identity, 40)}': rename one of them")
        lines[identity] = line
    return lines


def _alto_line(identity: str, line: Element) -> PageLine:
    shapes = line.own("Shape")
    polygon = shapes[0].first("Polygon") if shapes else None
    points = _points(polygon.attributes.get("POINTS", "") if polygon else "")
    box = [_number(line.attributes.get(name)) for name in BOX]
    left, top, width, height = (value or 0.0 for value in box)
    if len(points) < 3 and width and height:
        right, bottom = left + width, top + height
        points = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return PageLine(identity, points, _alto_text(line))


def _alto_text(line: Element) -> str:
    """The words of a line; where no spaces stand between them, there is one between any two."""
    parts = [child for child in line.children if child.name in WORDS]
    spaced = any(part.name == "SP" for part in parts)
    text = ""
    for part in parts:
        if part.name == "SP" or (part.name == "String" and text and not spaced):
            text += " "
        text += part.attributes.get("CONTENT", "") if part.name != "SP" else ""
    return text.strip()


def _page_line(identity: str, line: Element) -> PageLine:
    shapes = line.own("Coords")
    points = _points(shapes[-1].attributes.get("points", "") if shapes else "")
    text = _page_text(line)
    if text is None:
        words = [_page_text(word) for word in line.own("Word")]
        text = " ".join(word for word in words if word)
    return PageLine(identity, points, text)


def _page_text(element: Element) -> str | None:
    """The first of the texts that a line or word has, by their index, or None."""
    given = element.own("TextEquiv")
    given.sort(key=lambda one: (len(one.attributes.get("index", "")), one.attributes.get("index", "")))
    text = given[0].first("Unicode") if given else None
    return text.text.strip() if text else None


def _points(text: str) -> np.ndarray:
    """The points of "x,y x,y" or of "x y x y", float64 `(points, 2)`; none if a number lacks."""
    numbers = [float(number) for number in NUMBER.findall(text)]
    points = np.array(numbers if len(numbers) % 2 == 0 else []).reshape(-1, 2)
    return points[:: len(points) // MOST_POINTS + 1]


def _number(text: str | None) -> float | None:
    """The number of a text that is one and is not too large for any page, or None."""
    number = NUMBER.fullmatch((text or "").strip())
    return float(number[0]) if number and len(number[0]) < 16 else None


def _string(line: Element, text: str, confidence: float | None) -> str:
    """A line of ALTO as a single word, which has the box of the line."""
    has = {name: line.attributes[name] for name in BOX if name in line.attributes}
    has |= {"CONTENT": text} | ({} if confidence is None else {"WC": f"{confidence:.4f}"})
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in has.items())
    return f"<{_tag(line, 'String')} {attributes}/>"


def _equivalent(line: Element, text: str, confidence: float | None) -> str:
    outer, inner = _tag(line, "TextEquiv"), _tag(line, "Unicode")
    conf = "" if confidence is None else f' conf="{confidence:.4f}"'
    return f"<{outer}{conf}><{inner}>{escape(text)}</{inner}></{outer}>"


def _tag(beside: Element, name: str) -> str:
    """A name with the prefix that an element has."""
    return beside.tag.removesuffix(beside.name) + name


def _edits(
    data: bytes, line: Element, new: str, replaced: Collection[str], behind: Collection[str]
) -> Iterator[Edit]:
    """What puts a new element into a line, for those that are replaced and before those behind it."""
    if not line.children:
        if line.inner_end == line.end:  # <TextLine/>
            yield line.end - 2, line.end, f">{new}</{line.tag}>"
        else:
            yield line.inner_end, line.inner_end, new
        return
    first = line.children[0].start
    at = _space_before(data, first)
    space = data[at:first].decode()
    for child in line.children:
        if child.name in replaced:
            yield _removal(data, child)
        elif child.name not in behind:
            at = child.end
    yield at, at, space + new


def _removal(data: bytes, element: Element) -> Edit:
    return _space_before(data, element.start), element.end, ""


def _space_before(data: bytes, at: int) -> int:
    """Where the white space before a place begins."""
    while data[at - 1 : at].isspace():
        at -= 1
    return at


def _edited(data: bytes, edits: list[Edit]) -> bytes:
    parts, at = [], 0
    for start, end, new in sorted(edits):
        if start >= at:  # not within what is removed
            parts += [data[at:start], new.encode()]
            at = end
    return b"".join([*parts, data[at:]])
