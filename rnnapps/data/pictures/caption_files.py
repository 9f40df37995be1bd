"""Files of captions, in the forms in which people have them."""

import logging
import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.json_lines import json_objects, parse_json
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.row_sources import check_columns
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.tables import read_table
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

FORMS = ("captions.jsonl", "captions.csv", "Flickr8k.token.txt")
METADATA = ("metadata.csv", "metadata.jsonl")  # of Hugging Face
OTHER_FORMS = (  # which count where none of the above is
    *("captions.txt", "results.csv", "results_20130124.token"),  # of Flickr8k and Flickr30k
    *METADATA,
    *("captions.json", "dataset*.json"),  # the second are Karpathy's
)
COCO = "captions_*.json"
COLUMNS = (  # of picture and caption
    (CaptionSourceConfig.image_column, CaptionSourceConfig.caption_column),
    ("image_name", "comment"),  # of Flickr30k
    ("file_name", "text"),  # of Hugging Face
)
LISTS = {  # of the splits, beside Flickr8k.token.txt
    "train": "Flickr_8k.trainImages.txt",
    "validation": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}


class WrittenCaption(NamedTuple):
    """A caption before it is checked, as JSON may have anything.

    Attributes:
        where: it stands.
        name: of the picture.
        caption: of it.
        split: as it is written, or "".
    """

    where: str
    name: Any
    caption: Any
    split: Any


def find_captions(folder: Path) -> list[Path]:
    """The file of a folder that has the captions, or the files of it, one for each split.

    - `captions.jsonl`, whose lines have "file", "captions" and optionally "split".
    - `captions.csv`, with a row for each caption and optionally a column `split`; `captions.txt` of
      Flickr8k (Kaggle), `results.csv` of Flickr30k, `metadata.csv` and `metadata.jsonl` of Hugging Face,
      and `captions.json`, an array of objects, likewise.
    - `Flickr8k.token.txt`, with a line `name.jpg#0<TAB>caption` for each, and its lists of the splits;
      `results_20130124.token` of Flickr30k.
    - `dataset_flickr8k.json` and its like: Karpathy's, with the splits.
    - `captions_train2017.json`, `captions_val2017.json`, here or in `annotations`: COCO's.
    - `train/metadata.csv`, `test/metadata.jsonl` and so on: Hugging Face's, one for each split.

    Raises:
        UserError: there is none, or several of which one is to be kept.
    """
    coco = sorted(folder.glob(COCO)) or sorted((folder / "annotations").glob(COCO))
    for names in (FORMS, OTHER_FORMS):
        found = _only(folder, names, coco[:1] if names == OTHER_FORMS else [])
        if found:
            return coco if found == coco[:1] else found
    if of_splits := [file for split in SPLIT_NAMES for file in _only(folder / split, METADATA)]:
        return of_splits
    raise UserError(f"{folder}: no {' or '.join(FORMS)}")


def _only(folder: Path, names: Sequence[str], others: Sequence[Path] = ()) -> list[Path]:
    """The file of a folder with one of these names, or of the others, if there is one."""
    found = [*(file for name in names for file in sorted(folder.glob(name))), *others]
    if len(found) > 1:
        raise UserError(f"{folder}: both {found[0].name} and {found[1].name}: keep one")
    return found


def read_captions(
    files: Sequence[Path], folders: Sequence[Path], config: CaptionSourceConfig, bad: BadRows
) -> Iterator[WrittenCaption]:
    """The captions of what `find_captions` gives.

    Args:
        files: the file, or those of the splits.
        folders: that the pictures may be in.
        config: of the columns and the encoding.
        bad: told of what is no caption.

    Raises:
        UserError: a malformed file.
    """
    file = files[0]
    if file.name == "captions.jsonl":
        return _captions_jsonl(file, config, bad)
    if file.name in ("Flickr8k.token.txt", "results_20130124.token"):
        return _tokens(file, config, bad)
    if file.suffix == ".json":
        return (caption for one in files for caption in _json(one, len(files), folders, config))
    if file.parent != folders[0]:
        return (caption for one in files for caption in _of_split(one, config))
    return _table(file, config)


def _of_split(file: Path, config: CaptionSourceConfig) -> Iterator[WrittenCaption]:
    """The captions of a split's own folder, which its pictures are in too."""
    split = file.parent.name
    for caption in _table(file, config):
        name = f"{split}/{caption.name}" if isinstance(caption.name, str) else caption.name
        yield caption._replace(name=name, split=split)


def _json(
    file: Path, files: int, folders: Sequence[Path], config: CaptionSourceConfig
) -> Iterator[WrittenCaption]:
    content = parse_json(str(file), read_text(file, config))
    if _are_objects(content):
        return _table(file, config)
    parts = content if isinstance(content, dict) else {}
    images, annotations = parts.get("images"), parts.get("annotations")
    if _are_objects(images) and _are_objects(annotations):
        return _coco(file, images, annotations, files, folders)
    if _are_objects(images) and all(_are_objects(image.get("sentences")) for image in images):
        return _karpathy(file, images, folders)
    raise UserError(
        f"{file}: expected Karpathy's form, images with sentences, or COCO's, images and annotations"
    )


def _are_objects(values: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _karpathy(
    file: Path, images: list[dict[str, Any]], folders: Sequence[Path]
) -> Iterator[WrittenCaption]:
    # Of COCO; its pictures may be together all the same.
    inner = {folder for image in images if isinstance(folder := image.get("filepath"), str)}
    there = {folder for folder in inner if _is_within(folder, folders)}
    for number, image in enumerate(images):
        folder, name = image.get("filepath"), image.get("filename")
        if isinstance(folder, str) and folder in there and isinstance(name, str):
            name = f"{folder}/{name}"
        for sentence in image["sentences"] or [{}]:
            caption = sentence.get("raw")
            yield WrittenCaption(f"{file}: images[{number}]", name, caption, image.get("split") or "")


def _coco(
    file: Path,
    images: list[dict[str, Any]],
    annotations: list[dict[str, Any]],
    files: int,
    folders: Sequence[Path],
) -> Iterator[WrittenCaption]:
    inner = file.stem.removeprefix("captions_")  # such as val2017, as its pictures' folder is called
    has_folder = _is_within(inner, folders)
    split = inner.rstrip("0123456789_") if files > 1 else ""  # a single file is to be divided
    name_of = {_identity(image.get("id")): image.get("file_name") for image in images}
    captioned = {_identity(annotation.get("image_id")) for annotation in annotations}
    for number, annotation in enumerate(annotations):
        where = f"{file}: annotations[{number}]"
        name = name_of.get(_identity(annotation.get("image_id")))
        if isinstance(name, str) and has_folder:
            name = f"{inner}/{name}"
        yield WrittenCaption(where, name, annotation.get("caption"), split)
    if without := len(name_of.keys() - captioned):
        log.info("%s: %d pictures have no captions and are not used", file, without)


def _is_within(inner: str, folders: Sequence[Path]) -> bool:
    return any(os.path.isdir(folder / inner) for folder in folders)  # of whatever letters and length


def _identity(value: Any) -> int | str | None:
    return value if isinstance(value, (int, str)) else None  # of JSON, where it may be a list


def _captions_jsonl(file: Path, config: CaptionSourceConfig, bad: BadRows) -> Iterator[WrittenCaption]:
    for number, fields in json_objects(file, read_text(file, config)).items():
        name, captions, split = fields.get("file"), fields.get("captions"), fields.get("split") or ""
        where = f"{file}:{number}"
        texts: list[Any] = captions if isinstance(captions, list) and captions else [None]
        if isinstance(name, str) and all(isinstance(text, str) for text in (split, *texts)):
            for caption in texts:
                yield WrittenCaption(where, name, caption, split)
        else:
            bad.add(f'{where}: expected {{"file": NAME, "captions": [TEXT, ...], "split": SPLIT}}')


def _table(file: Path, config: CaptionSourceConfig) -> Iterator[WrittenCaption]:
    rows = read_table(file, config)
    image, caption = columns = _columns(rows[0].fields, config)
    check_columns(rows, columns, "--image-column and --caption-column")
    for row in rows:
        where, captions = str(file.parent / row.where), row.fields[caption]
        for one in captions if isinstance(captions, list) and captions else [captions]:
            yield WrittenCaption(where, row.fields[image], one, row.fields.get("split", ""))


def _columns(has: Container[str], config: CaptionSourceConfig) -> tuple[str, str]:
    """The columns of picture and caption: those that are asked for, or by default known ones."""
    asked = (config.image_column, config.caption_column)
    if asked == COLUMNS[0]:
        return next((pair for pair in COLUMNS if pair[0] in has and pair[1] in has), asked)
    return asked


def _tokens(file: Path, config: CaptionSourceConfig, bad: BadRows) -> Iterator[WrittenCaption]:
    captions = []
    for where, line in _lines(file, config):
        key, tab, text = line.partition("\t")
        name, _, number = key.rpartition("#")
        if tab and number.strip().isdigit():
            captions.append(WrittenCaption(where, name, text, ""))
        else:
            bad.add(f"{where}: expected name.jpg#0, a tabulator and a caption")
    split_of = _read_lists(file.parent, config, {caption.name for caption in captions})
    unlisted = "in no list" if (file.parent / LISTS["train"]).exists() else ""
    for caption in captions:
        yield caption._replace(split=split_of.get(caption.name, unlisted))


def _read_lists(folder: Path, config: CaptionSourceConfig, names: set[str]) -> dict[str, str]:
    """The split of each of these names that a list has."""
    split_of: dict[str, str] = {}
    for split, list_name in LISTS.items():
        file = folder / list_name
        if not file.exists():
            continue
        listed = {line.strip(): where for where, line in _lines(file, config)}
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


def _lines(file: Path, config: CaptionSourceConfig) -> Iterator[tuple[str, str]]:
    """The lines of a file that are not blank, each with where it stands before it."""
    for number, line in enumerate(lines_of(read_text(file, config)), start=1):
        if line.strip():
            yield f"{file}:{number}", line
