"""A folder of pictures and a file with their captions, in one of the forms that people have."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.pictures.caption_files import FORMS, WrittenCaption, find_captions, read_captions
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.text.sources import text_problem
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SUBFOLDERS = (
    *("images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset"),  # the third is its own typo
    *("flickr30k_images", "flickr30k-images"),
)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file, its captions, its split ("train" where the folder tells none), and its first row."""

    file: Path
    captions: tuple[str, ...]
    split: str
    where: str


def list_pictures(folder: Path, config: CaptionSourceConfig) -> list[PictureFile]:
    """The captioned pictures of a folder, in the order of the file that has the captions.

    Its forms: see `rnnapps.data.pictures.caption_files.find_captions`. The names of the splits are those
    of SPLIT_NAMES. A picture of another split, and one in no list although there is one of the training
    split, is left out and counted.

    The pictures are in the folder or in one of SUBFOLDERS in it, and are not looked at here.

    Raises:
        UserError: no such folder, no such file or several, a malformed one, a picture in two splits, or
            a list that names no picture that has captions; also a row without a file or with a bad
            caption (named, counted and left out with `--skip-bad`).
    """
    if not folder.is_dir():
        found = "this is a file" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {found}: expected a folder with pictures and {' or '.join(FORMS)}")
    files = find_captions(folder)
    file = files[0]
    bad = BadRows(str(file), "captions", config.skip_bad)
    folders = [folder, *(folder / name for name in SUBFOLDERS if (folder / name).is_dir())]
    rows_of = _by_picture(_good(read_captions(files, folders, config, bad), bad))
    if not rows_of:
        raise UserError(f"{file}: no caption in it")
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


def _good(captions: Iterator[WrittenCaption], bad: BadRows) -> Iterator[WrittenCaption]:
    """The captions with which there is no problem, without white space around anything."""
    good = 0
    for caption in captions:
        problem = text_problem(caption.caption)
        if not isinstance(caption.split, str):
            problem = f"'split': a {type(caption.split).__name__}, not a name"
        if not isinstance(caption.name, str) or not caption.name.strip():
            problem = "no picture named"
        if problem:
            bad.add(f"{caption.where}: {problem}")
            continue
        good += 1
        name = caption.name.strip().replace("\\", "/")
        yield WrittenCaption(
            caption.where,
            str(PurePosixPath(name)),  # without a "./" before it
            caption.caption.strip(),
            caption.split.strip().lower(),
        )
    bad.report(good)


def _by_picture(captions: Iterator[WrittenCaption]) -> dict[str, list[WrittenCaption]]:
    """The rows of each picture, by its name."""
    rows: dict[str, list[WrittenCaption]] = {}
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
