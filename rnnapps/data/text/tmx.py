"""Sentence pairs from TMX, the XML of translation memories."""

import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from rnnapps.data.row import Row
from rnnapps.data.text_files import read_bytes
from rnnapps.errors import UserError

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
CODES = ("bpt", "ept", "it", "ph", "ut")  # elements that hold the formatting of another program, no text


def read_tmx(path: Path, languages: tuple[str, ...]) -> list[Row]:
    """The translation units of a TMX file, with a field for each of these languages.

    A language is found as it is written there, or without its region: `en` finds `en-GB`. A unit that
    lacks one, or has several texts in one, has "" for it.

    Raises:
        UserError: no such file, not TMX, or no unit with these languages.
    """
    rows = []
    found: dict[str, None] = {}
    try:
        for number, unit in enumerate(_units(path), start=1):
            texts: dict[str, list[str]] = {}
            for variant in unit.iter("tuv"):
                language = variant.get(LANGUAGE) or variant.get("lang") or ""  # the second before 1.4
                segment = variant.find("seg")
                if segment is not None:
                    texts.setdefault(language.lower().replace("_", "-"), []).append(_text(segment))
            found |= dict.fromkeys(texts)
            fields = {language: _in_language(texts, language) for language in languages}
            rows.append(Row(f"{path.name}[{number}]", fields))
            unit.clear()
    except ElementTree.ParseError as error:
        raise UserError(f"{path}:{error.position[0]}: not TMX: {error}") from None
    for language in languages:
        if not any(row.fields[language] for row in rows):
            has = ", ".join(found) or "no sentences"
            raise UserError(
                f"{path}: no language '{language}': it has {has}: choose with --source-language and "
                f"--target-language"
            )
    return rows


def _units(path: Path) -> Iterator[ElementTree.Element]:
    events = ElementTree.iterparse(io.BytesIO(read_bytes(path)), events=("end",))
    return (element for _, element in events if element.tag == "tu")


def _in_language(texts: dict[str, list[str]], language: str) -> str:
    name = language.lower().replace("_", "-")
    same = [text for key, some in texts.items() if key.partition("-")[0] == name for text in some]
    some = texts.get(name, same)
    return some[0] if len(some) == 1 else ""


def _text(element: ElementTree.Element) -> str:
    """The text of a segment, without what its codes hold."""
    parts = [element.text or ""] if element.tag not in CODES else []
    for inner in element:
        parts += [_text(inner), inner.tail or ""]
    return "".join(parts)
