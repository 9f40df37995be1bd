"""Pictures of lines with their texts, in the forms in which people have them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from rnnapps.data import text_files
from rnnapps.data.bad_rows import BadRows
from rnnapps.data.file_tables import file_rows, find_file
from rnnapps.data.lines.found_line import GROUPS, FoundLine
from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.pictures.files import SUFFIXES
from rnnapps.data.pictures.line_pixels import read_grey, read_line
from rnnapps.data.pictures.page_line import PageLine
from rnnapps.data.pictures.page_pictures import scale_of
from rnnapps.data.pictures.page_xml import Page, cut_line, is_page, read_page, where_of
from rnnapps.data.splits import SPLIT_NAMES, SPLITS
from rnnapps.data.tables import SUFFIXES as TABLES
from rnnapps.data.tables import has_tables
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

TRUTH = ".gt.txt"  # what the text of a line is called by ocropy, kraken, Calamari and Tesseract
VERSIONS = (
    "",
    ".nrm",
    ".bin",
)  # of a picture, the best first: as it was, with even greys, black and white
NOTES = ("readme", "license", "licence")  # .txt, which are no texts of lines
LONGEST_TEXT = 100_000  # bytes
SUBFOLDERS = ("images", "lines")  # that the pictures of a table may be in
COLUMNS = (  # of file and text
    (LineSourceConfig.file_column, LineSourceConfig.text_column),
    ("file_name", "text"),  # of Hugging Face
    ("1", "2"),  # without a header
)


def list_line_pictures(path: Path, config: LineSourceConfig) -> Iterator[FoundLine]:
    """The lines of a source of pictures, with their texts.

    - A table, or a folder with `lines.tsv` (`.csv`, `.jsonl`), with tables of the splits, or with a
      single table and no texts beside its pictures: columns of files and texts, and optionally `split`
      and `writer` or `document`. The pictures are beside it or in one of SUBFOLDERS there.
    - ALTO or PAGE XML: a page, or a folder with pages in it or below. Lines without a text are left out
      and counted. The group is the page, or its folder where pages are in three or more.
    - A folder with pictures, in it or below, and beside each its text, `NAME.gt.txt` or `NAME.txt`; of
      ocropy's `NAME.bin.png` and `NAME.nrm.png` the second is read. Folders below, where there are
      three or more, are groups.
    - A folder with `train`, `validation` and `test` (any of SPLIT_NAMES), each with one of these.

    Neither the texts nor the pictures are looked at.

    Raises:
        UserError: nothing of this is there, or a table is malformed (`read_tables`); also a picture
            without a text, a text without a picture, and a damaged page (left out with `--skip-bad`).
    """
    bad = BadRows(str(path), "lines", config.skip_bad)
    folders = [(name, path / name) for name in SPLIT_NAMES if (path / name).is_dir()]
    good = 0
    for name, folder in folders if folders and not _table_of(path) else [("train", path)]:
        for line in _lines_of(folder, config, bad):
            good += 1
            yield replace(line, split=SPLIT_NAMES[name]) if folder != path else line
    bad.report(good)
    if not good:
        raise UserError(f"{path}: no line with a text in it")


def _lines_of(path: Path, config: LineSourceConfig, bad: BadRows) -> Iterator[FoundLine]:
    if not path.is_dir():
        if path.suffix.lower() == ".xml":
            return _of_pages(path.parent, [path], bad)
        if path.suffix.lower() in SUFFIXES:
            raise UserError(f"{path}: a picture has no text: give the folder with its {TRUTH} beside it")
        return _of_table(path, path.parent, config, bad)
    if table := _table_of(path):
        return _of_table(table, path, config, bad)
    names = sorted(file.relative_to(path) for file in path.rglob("*"))
    files = [path / name for name in names if not any(part.startswith(".") for part in name.parts)]
    if pages := [file for file in files if file.suffix.lower() == ".xml" and is_page(file)]:
        return _of_pages(path, pages, bad)
    pictures = [file for file in files if file.suffix.lower() in SUFFIXES]
    texts = [file for file in files if file.name.lower().endswith(TRUTH)]
    if not texts:
        others = [file for file in files if file.suffix.lower() == ".txt"]
        texts = [file for file in others if file.stem.lower() not in NOTES]
    tables = [file for file in sorted(path.iterdir()) if file.suffix.lower() in TABLES]
    if not texts and len(tables) == 1:
        return _of_table(tables[0], path, config, bad)
    if not texts or not pictures:
        raise UserError(
            f"{path}: expected pictures with {TRUTH} or .txt beside each, a table lines.tsv, or pages "
            f"in ALTO or PAGE XML"
        )
    return _of_pairs(path, pictures, texts, config, bad)


def _table_of(folder: Path) -> Path | None:
    """What `read_tables` reads of a folder that has tables by their names, or None."""
    named = [file for suffix in TABLES if (file := folder / f"lines{suffix}").is_file()]
    if len(named) > 1:
        raise UserError(f"{folder}: both {named[0].name} and {named[1].name}: keep one of them")
    return named[0] if named else folder if has_tables(folder) else None


def _of_table(table: Path, folder: Path, config: LineSourceConfig, bad: BadRows) -> Iterator[FoundLine]:
    folders = [folder, *(folder / name for name in SUBFOLDERS if (folder / name).is_dir())]
    for row in file_rows(table, folder, config, COLUMNS, GROUPS, "lines"):
        try:
            if row.problem is not None:
                raise UserError(row.problem)
            file = find_file(row.file, folders)
        except UserError as error:
            bad.add(str(error) if row.problem else f"{row.where}: {error}")
            continue
        yield FoundLine(row.where, row.text, row.split, row.group or None, partial(read_line, file))


def _of_pairs(
    folder: Path,
    pictures: Iterable[Path],
    texts: Iterable[Path],
    config: LineSourceConfig,
    bad: BadRows,
) -> Iterator[FoundLine]:
    found: dict[Path, list[Path]] = {}
    for picture in pictures:
        found.setdefault(_line_name(picture), []).append(picture)
    text_of: dict[Path, Path] = {}
    for file in texts:
        end = TRUTH if file.name.lower().endswith(TRUTH) else file.suffix
        text_of[file.with_name(file.name[: -len(end)])] = file
    group_of = _groups(folder, [name.parent for name in found])
    for name in sorted({*found, *text_of}):
        if name not in text_of:
            bad.add(f"{found[name][0]}: no text beside it, {name.name}{TRUTH}")
        elif name not in found:
            bad.add(f"{text_of[name]}: no picture {name.name} beside it")
        else:
            picture = min(found[name], key=lambda file: VERSIONS.index(_version(file)))
            try:
                text = _text(text_of[name], config)
            except UserError as error:
                bad.add(str(error))
                continue
            read = partial(read_line, picture)
            yield FoundLine(str(picture), text, "train", group_of(name.parent), read)


def _version(picture: Path) -> str:
    """What of VERSIONS is in the name of a picture."""
    inner = Path(picture.stem).suffix.lower()
    return inner if inner in VERSIONS else ""


def _line_name(picture: Path) -> Path:
    """The path of a picture without what `NAME.gt.txt` does not have."""
    return picture.with_name(picture.name[: -len(_version(picture) + picture.suffix)])


def _text(file: Path, config: LineSourceConfig) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST_TEXT + 1)
    except OSError as error:
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > LONGEST_TEXT:
        raise UserError(f"{file}: more than {LONGEST_TEXT:,} bytes: not the text of a line")
    return text_files.decode(file, data, config).strip()


def _groups(folder: Path, parents: Iterable[Path]) -> Callable[[Path], str | None]:
    """Gives the group of what is in a folder: its name, if there are enough folders for the splits."""
    several = len(set(parents)) >= len(SPLITS)
    return lambda parent: parent.relative_to(folder).as_posix() if several else None


def _of_pages(folder: Path, files: Sequence[Path], bad: BadRows) -> Iterator[FoundLine]:
    picture_of = lru_cache(maxsize=1)(read_grey)  # the lines of a page follow each other
    group_of = _groups(folder, [file.parent for file in files])
    page_of: dict[Path, Path] = {}
    empty = 0
    for file in files:
        try:
            page = read_page(file)
        except UserError as error:
            bad.add(str(error))
            continue
        first = page_of.setdefault(page.picture, file)
        if first != file:  # in ALTO and in PAGE, as some export it
            log.warning("%s: its picture is that of %s: the page is not used", file, first)
            continue
        group = group_of(file.parent) or str(file.relative_to(folder))
        for line in page.lines:
            if not line.text:
                empty += 1
                continue
            read = partial(_cut, page, line, picture_of)
            yield FoundLine(where_of(page, line), line.text, "train", group, read)
    if empty:
        log.info("%s: %d lines without a text are not used", folder, empty)


def _cut(page: Page, line: PageLine, picture_of: Callable[[Path], np.ndarray]) -> np.ndarray:
    pixels = picture_of(page.picture)
    return cut_line(pixels, line, scale_of(page.size, pixels, str(page.file)), where_of(page, line))
