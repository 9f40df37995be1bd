"""XML from anyone as elements that know where they stand, so that a few can be written anew."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from rnnapps.data.text_files import MARKS
from rnnapps.errors import UserError

LARGEST = 32_000_000  # bytes: a page of a newspaper with a box for each letter has 10 million
MOST = 500_000  # elements
DEEPEST = 50  # elements in one another: a letter of a page has 10
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["']""", re.ASCII)


@dataclass(slots=True, eq=False)
class Element:
    """An element of an XML file.

    Attributes:
        tag: its name as it is written, with a prefix.
        attributes: by their names.
        start: where it begins, in bytes of the file in UTF-8.
        end: where it ends.
        inner_end: where its content ends; of `<a/>`, which has no room for any, `end`.
        texts: what stands in it between the elements in it.
        children: the elements in it.
    """

    tag: str
    attributes: dict[str, str]
    start: int
    end: int = 0
    inner_end: int = 0
    texts: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name without a prefix."""
        return self.tag.rpartition(":")[2]

    @property
    def text(self) -> str:
        """What stands in it, but not in the elements in it."""
        return "".join(self.texts)

    def all(self, name: str) -> Iterator["Element"]:
        """The elements of a name in it and below, in their order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def own(self, name: str) -> list["Element"]:
        """Its children of a name, without what is in them."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """The first element of a name in it or below."""
        return next(self.all(name), None)


def read_xml(file: Path) -> tuple[bytes, str]:
    """The bytes of an XML file in UTF-8, and the encoding that it has.

    Raises:
        UserError: no such file, one of more than LARGEST bytes, or not in the encoding that it names.
    """
    try:
        if not file.is_file():
            raise UserError(f"{file}: {'not a file' if file.exists() else 'no such file'}")
        if (size := file.stat().st_size) > LARGEST:
            raise UserError(f"{file}: {size:,} bytes of XML ({LARGEST:,} are allowed): divide it")
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    named = DECLARED.match(data.removeprefix(codecs.BOM_UTF8)[:500])
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    encoding = marked or (named[1].decode() if named else "utf-8")
    try:
        return data.decode(encoding).encode(), encoding
    except (UnicodeError, LookupError):
        raise UserError(f"{file}: not in the encoding {encoding}: save it as UTF-8") from None


def parse(file: Path, data: bytes) -> Element:
    """The root of an XML file, of which `data` are the bytes in UTF-8.

    Nothing but the bytes is read: a document type, which may declare entities and other files, is
    refused.

    Raises:
        UserError: it is no XML, has a document type, or more or deeper elements than pages have.
    """
    return _Parser(file, data).root()


class _Parser:
    def __init__(self, file: Path, data: bytes):
        self.file = file
        self.data = data
        self.document = Element("", {}, 0)
        self.open = [self.document]
        self.count = 0
        self.expat = expat.ParserCreate("utf-8")  # whatever the first line says
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._text
        self.expat.StartDoctypeDeclHandler = self._refuse_doctype

    def root(self) -> Element:
        try:
            self.expat.Parse(self.data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise UserError(f"{self.file}:{error.lineno}: not XML that can be read: {reason}") from None
        return self.document.children[0]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST or len(self.open) > DEEPEST:
            what = f"more than {MOST:,} elements" if self.count > MOST else f"more than {DEEPEST} deep"
            raise UserError(f"{self._where()}: {what}: not a page of text")
        element = Element(tag, attributes, self.expat.CurrentByteIndex)
        self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, tag: str) -> None:
        element, at = self.open.pop(), self.expat.CurrentByteIndex  # behind <a/>, before </a>
        is_tag = not element.children and not element.texts and self.data[at - 2 : at] == b"/>"
        element.inner_end = at
        element.end = at if is_tag else self.data.index(b">", at) + 1

    def _text(self, text: str) -> None:
        self.open[-1].texts.append(text)

    def _refuse_doctype(self, *about: object) -> None:
        raise UserError(f"{self._where()}: a document type (<!DOCTYPE ...>): remove it")

    def _where(self) -> str:
        return f"{self.file}:{self.expat.CurrentLineNumber}"
