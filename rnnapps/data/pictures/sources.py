"""From `--data` to captioned pictures in train, validation and test splits."""

import hashlib
import io
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.pictures.captioned_picture import CaptionedPicture
from rnnapps.data.pictures.emoji import read_emoji
from rnnapps.data.pictures.files import check_picture, check_pixels, read_picture
from rnnapps.data.pictures.folders import list_pictures
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.splits import Shares, divide
from rnnapps.data.text.sources import text_problem
from rnnapps.data.tfds import PREFIX, PreparedSet
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SHARES = Shares(test=0.1, validation=0.1)


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture before it is checked.

    Attributes:
        where: what errors call it: its row and its file, or the place in a data set.
        name: the file, or the place in a data set.
        captions: as the source has them.
        split: "train", "validation" or "test", as the source has it.
        source: the file, or its content.
        pixels: reads it.
        problem: what is wrong with it, if that is known already.
    """

    where: str
    name: str
    captions: tuple[str, ...]
    split: str
    source: Path | bytes
    pixels: Callable[..., np.ndarray]
    problem: str | None = None


def read_captioned_pictures(
    config: CaptionSourceConfig, embedded: Path, examples: Any = None
) -> dict[str, list[CaptionedPicture]]:
    """Read a source of captioned pictures and divide it into "train", "validation" and "test".

    - The embedded data: see `rnnapps.data.pictures.emoji.read_emoji`.
    - TensorFlow Datasets and folders keep the splits that they have. One that is missing is a tenth of
      the training pictures, by the fixed hash of the file. The forms of a folder: see
      `rnnapps.data.pictures.folders.list_pictures`.
    - In memory: a column of pictures (files, or pixels uint8 `(height, width, 3)`) and one of captions
      (a text, or several in a list), named as `--image-column` and `--caption-column` say.

    A picture that stands in several splits, byte for byte, stays in the last one only.

    Pictures in files stay where they are: each is opened here, and its file read once, but it is decoded
    only when its pixels are asked for. Damage behind the header is found then.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for.
        examples: instead of a source, columns in memory.

    Raises:
        UserError: see `read_emoji`, `list_pictures`, `PreparedSet` and `rows_in_memory`; also a picture
            that is bad (`check_picture`) or has a bad caption or none (left out with `--skip-bad`).
    """
    given: dict[str, list[CaptionedPicture]] = {}
    found: Iterable[tuple[str, CaptionedPicture | None]]
    if examples is not None:
        found = _checked(_memory(config, examples), config)
    elif config.data == "embedded":
        found = read_emoji(embedded, config.language)
    elif config.language != CaptionSourceConfig.language:
        raise UserError(f"{config.data}: --language is for the embedded data: drop it")
    else:
        found = _checked(_tfds(config) if config.data.startswith(PREFIX) else _folder(config), config)
    for split, picture in found:
        some = given.setdefault(split, [])  # for a bad one too: no other may stand in for it
        if picture is not None:
            some.append(picture)
    return divide(given, lambda picture: [picture.key], "pictures", SHARES)


def _checked(
    pictures: Iterable[_Found], config: CaptionSourceConfig
) -> Iterator[tuple[str, CaptionedPicture | None]]:
    """The split of each picture, and the picture; None in place of a bad one."""
    bad = BadRows(config.data, "pictures", config.skip_bad)
    good = frames = 0
    for found in pictures:
        try:
            frames += _check(found)
        except UserError as error:
            bad.add(str(error))
            yield found.split, None
        else:
            good += 1
            key = hashlib.sha256(_content(found.source)).hexdigest()
            captions = tuple(caption.strip() for caption in found.captions)
            yield found.split, CaptionedPicture(found.pixels, captions, key, found.name)
    bad.report(good)
    if frames:
        log.warning("%s: %d pictures have several frames: the first is used", config.data, frames)


def _check(found: _Found) -> bool:
    """Whether a picture has several frames.

    Raises:
        UserError: there is a problem with it, or with its captions.
    """
    if found.problem is not None:
        raise UserError(found.problem)
    if not found.captions:
        raise UserError(f"{found.where}: it has no captions")
    for caption in found.captions:
        if problem := text_problem(caption):
            raise UserError(f"{found.where}: {problem}")
    return check_picture(found.source, found.where)


def _content(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _folder(config: CaptionSourceConfig) -> Iterator[_Found]:
    for listed in list_pictures(Path(config.data), config):
        file = listed.file
        yield _Found(
            where=f"{listed.where}: {file}",
            name=str(file),
            captions=listed.captions,
            split=listed.split,
            source=file,
            pixels=partial(read_picture, file),
        )


def _memory(config: CaptionSourceConfig, examples: Any) -> Iterator[_Found]:
    columns = (config.image_column, config.caption_column)
    for split, rows in rows_in_memory(examples).items():
        if missing := [name for name in columns if name not in rows[0].fields]:
            raise UserError(
                f"{rows[0].where}: no column '{missing[0]}': choose with --image-column and "
                f"--caption-column"
            )
        for row in rows:
            picture, captions = (row.fields[name] for name in columns)
            several = isinstance(captions, (list, tuple, np.ndarray))
            source: Path | bytes = b""
            problem = None
            try:
                source = _source(picture, row.where)
            except UserError as error:
                problem = str(error)
            yield _Found(
                where=row.where,
                name=row.where,
                captions=tuple(captions) if several else (captions,),
                split=split,
                source=source,
                pixels=partial(read_picture, source, where=row.where),
                problem=problem,
            )


def _source(picture: Any, where: str) -> Path | bytes:
    """A file, or pixels as a file has them, so that all that follows is the same."""
    if isinstance(picture, (str, Path)):
        if not str(picture).strip():
            raise UserError(f"{where}: no picture")
        return Path(picture)
    content = io.BytesIO()
    Image.fromarray(check_pixels(picture, where)).save(content, "PNG")
    return content.getvalue()


def _tfds(config: CaptionSourceConfig) -> Iterator[_Found]:
    """The pictures of a set with the fields of `coco_captions`.

    It had best be prepared as array_record: tfrecord is read in order, and to read an earlier picture
    again is to start anew.
    """
    prepared = PreparedSet(config, ("image", "captions"), ": pictures with captions are needed")
    if "text" not in (getattr(prepared.features["captions"], "feature", None) or ()):
        raise UserError(
            f"{config.data}: its captions have no field 'text', as those of coco_captions have"
        )
    for theirs, ours in prepared.splits():
        examples = prepared.examples(theirs, encoded=("image",))
        by_number = examples if hasattr(examples, "__getitem__") else _Forwards(examples)
        for number, row in enumerate(examples):
            where = prepared.where(theirs, number)
            yield _Found(
                where=where,
                name=where,
                captions=tuple(text.decode("utf-8") for text in row["captions"]["text"]),
                split=ours,
                source=row["image"],
                pixels=partial(_read_again, by_number, number, where),
            )


def _read_again(examples: Any, number: int, where: str, size: tuple[int, int]) -> np.ndarray:
    return read_picture(examples[number]["image"], size, where)


class _Forwards:
    """Examples by their numbers, of a set that is read in order only: to go back is to start anew."""

    def __init__(self, examples: Iterable[dict[str, Any]]):
        self.examples = examples
        self.position = -1
        self.rest: Iterator[dict[str, Any]] = iter(())
        self.example: dict[str, Any] = {}

    def __getitem__(self, number: int) -> dict[str, Any]:
        if self.position < 0 or number < self.position:
            self.rest, self.position = iter(self.examples), -1
        while self.position < number:
            self.example = next(self.rest)
            self.position += 1
        return self.example
