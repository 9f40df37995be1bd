"""A folder of pictures and a file with their captions, in one of three forms that people have."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.json_lines import json_objects
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.tables import read_table, read_text
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

LISTS = {  # of the splits, beside Flickr8k.token.txt
    "train": "Flickr_8k.trainImages.txt",
    "validation": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
SUBFOLDERS = ("images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset")  # the third is its own typo


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file, its captions, its split ("train" where the folder tells none), and its first row."""

    file: Path
    captions: tuple[str, ...]
    split: str
    where: str


class _Caption(NamedTuple):
    """A row: where it stands, the picture's name, its caption, and the split as it is written, or ""."""

    where: str
    name: str
    caption: str
    split: str


def list_pictures(folder: Path, config: CaptionSourceConfig) -> list[PictureFile]:
    """The captioned pictures of a folder, in the order of the file that has the captions.

    It is one of three: `captions.jsonl`, whose lines have "file", "captions" and optionally "split";
    `captions.csv`, with a row for each caption and optionally a column `split`; or
    `Flickr8k.token.txt`, with a line `name.jpg#0<TAB>caption` for each, and its lists of the splits.
    The names of the splits are those of SPLIT_NAMES. A picture of another split, and one in no list
    although there is one of the training split, is left out and counted.

    The pictures are in the folder or in one of SUBFOLDERS in it, and are not looked at here.

    Raises:
        UserError: no such folder, no such file or several, a malformed one, a picture in two splits, or
            a list that names no picture that has captions; also a row without a file or with a bad
            caption (named, counted and left out with `--skip-bad`).
    """
    if not folder.is_dir():
        found = "this is a file" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {found}: expected a folder with pictures and {' or '.join(_FORMS)}")
    forms = [name for name in _FORMS if (folder / name).exists()]
    if len(forms) != 1:
        found = f"both {forms[0]} and {forms[1]}: keep one" if forms else f"no {' or '.join(_FORMS)}"
        raise UserError(f"{folder}: {found}")
    file = folder / forms[0]
    bad = BadRows(str(file), "captions", config.skip_bad)
    rows_of = _by_picture(_good(_FORMS[forms[0]](file, config, bad), bad))
    if not rows_of:
        raise UserError(f"{file}: no caption in it")
    folders = [folder, *(folder / name for name in SUBFOLDERS if (folder / name).is_dir())]
    pictures = []
    others: Counter[str] = Counter()
    for name, rows in rows_of.items():
        split = rows[0].split
        if split and split not in SPLIT_NAMES:
            others[split] += 1
            continue
        pictures.append(
            PictureFile(
                file=_find(name, folders),
                captions=tuple(row.caption for row in rows),
                split=SPLIT_NAMES.get(split, "train"),
                where=rows[0].where,
            )
        )
    for split, count in others.items():
        log.warning("%s: %d pictures of the split '%s' are not used", file, count, split)
    return pictures


def _find(name: str, folders: list[Path]) -> Path:
    """The first file that is there; without one, where it is most likely missing."""
    files = [folder / name for folder in folders]
    return next((file for file in files if file.exists()), files[-1])


def _good(captions: Iterator[_Caption], bad: BadRows) -> Iterator[_Caption]:
    """The captions with which there is no problem, without white space around anything."""
    good = 0
    for caption in captions:
        name = caption.name.strip().replace("\\", "/")
        problem = text_problem(caption.caption) if name else "no picture named"
        if problem:
            bad.add(f"{caption.where}: {problem}")
            continue
        good += 1
        yield _Caption(
            caption.where,
            str(PurePosixPath(name)),  # without a "./" before it
            caption.caption.strip(),
            caption.split.strip().lower(),
        )
    bad.report(good)


def _by_picture(captions: Iterator[_Caption]) -> dict[str, list[_Caption]]:
    """The rows of each picture, by its name."""
    rows: dict[str, list[_Caption]] = {}
    for row in captions:
        first = rows.setdefault(row.name, [row])[0]
        if row is first:
            continue
        if row.split != first.split:
            raise UserError(
                f"{row.where}: {row.name} is of the split '{row.split}', but of '{first.split}' at "
                f"{first.where}: keep it in one of them"
            )
        rows[row.name].append(row)
    return rows


def _jsonl(file: Path, config: CaptionSourceConfig, bad: BadRows) -> Iterator[_Caption]:
    for number, fields in json_objects(file, read_text(file)).items():
        name, captions, split = fields.get("file"), fields.get("captions"), fields.get("split") or ""
        where = f"{file}:{number}"
        texts: list[Any] = captions if isinstance(captions, list) and captions else [None]
        if isinstance(name, str) and all(isinstance(text, str) for text in (split, *texts)):
            for caption in texts:
                yield _Caption(where, name, caption, split)
        else:
            bad.add(f'{where}: expected {{"file": NAME, "captions": [TEXT, ...], "split": SPLIT}}')


def _csv(file: Path, config: CaptionSourceConfig, bad: BadRows) -> Iterator[_Caption]:
    rows = read_table(file)
    image, caption = config.image_column, config.caption_column
    if missing := [column for column in (image, caption) if column not in rows[0].fields]:
        raise UserError(
            f"{file}: no column '{missing[0]}': it has {', '.join(rows[0].fields)}: choose with "
            f"--image-column and --caption-column"
        )
    for row in rows:
        where = str(file.parent / row.where)
        yield _Caption(where, row.fields[image], row.fields[caption], row.fields.get("split", ""))


def _tokens(file: Path, config: CaptionSourceConfig, bad: BadRows) -> Iterator[_Caption]:
    captions = []
    for where, line in _lines(file):
        key, tab, text = line.partition("\t")
        name, _, number = key.rpartition("#")
        if tab and number.strip().isdigit():
            captions.append(_Caption(where, name, text, ""))
        else:
            bad.add(f"{where}: expected name.jpg#0, a tabulator and a caption")
    split_of = _read_lists(file.parent, {caption.name for caption in captions})
    unlisted = "in no list" if (file.parent / LISTS["train"]).exists() else ""
    for caption in captions:
        yield caption._replace(split=split_of.get(caption.name, unlisted))


def _read_lists(folder: Path, names: set[str]) -> dict[str, str]:
    """The split of each of these names that a list has."""
    split_of: dict[str, str] = {}
    for split, list_name in LISTS.items():
        file = folder / list_name
        if not file.exists():
            continue
        listed = {line.strip(): where for where, line in _lines(file)}
        for name, where in listed.items():
            if split_of.get(name, split) != split:
                raise UserError(f"{where}: {name} stands in {LISTS[split_of[name]]} too: keep it in one")
        here = dict.fromkeys(names & listed.keys(), split)
        if not here:
            raise UserError(
                f"{file}: none of the pictures that it names has captions: mend or remove it"
            )
        if len(here) < len(listed):
            absent = len(listed) - len(here)
            log.warning("%s: %d pictures that it names have no captions", file, absent)
        split_of |= here
    return split_of


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """The lines of a file that are not blank, each with where it stands before it."""
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if line.strip():
            yield f"{file}:{number}", line


_FORMS = {"captions.jsonl": _jsonl, "captions.csv": _csv, "Flickr8k.token.txt": _tokens}
