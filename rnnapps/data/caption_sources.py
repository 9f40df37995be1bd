"""From `--data` to captioned pictures in train, valid and test parts."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from rnnapps.data.bad_examples import BadExamples
from rnnapps.data.caption_folders import list_pictures
from rnnapps.data.caption_source_config import CaptionSourceConfig
from rnnapps.data.captioned_picture import CaptionedPicture
from rnnapps.data.emoji_pictures import read_emoji
from rnnapps.data.picture_files import check_picture, read_picture
from rnnapps.data.sources import text_problem
from rnnapps.data.splits import leave_out_copies, split_of
from rnnapps.data.tfds_source import read_tfds_captions
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

PARTS = ("train", "valid", "test")
LENT = {"test": 0.1, "valid": 0.1}  # of the training pictures, to a part that is missing


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture before it is checked.

    Attributes:
        where: what errors call it: its row and its file, or the place in a data set.
        name: the file, or the place in a data set.
        captions: as the source has them.
        part: "train", "valid" or "test", as the source has it.
        source: the file, or its content.
        pixels: reads it.
    """

    where: str
    name: str
    captions: tuple[str, ...]
    part: str
    source: Path | bytes
    pixels: Callable[..., np.ndarray]


def read_captioned_pictures(
    config: CaptionSourceConfig, embedded: Path
) -> dict[str, list[CaptionedPicture]]:
    """Read a source of captioned pictures and divide it into the parts "train", "valid" and "test".

    - The embedded data: see `rnnapps.data.emoji_pictures.read_emoji`.
    - TensorFlow Datasets and folders keep the parts that they come in. A part that is missing is a
      tenth of the training pictures, by the fixed hash of the file. The forms of a folder: see
      `rnnapps.data.caption_folders.list_pictures`.

    A picture that stands in several parts, byte for byte, stays in the last of train, valid, test only.

    The pictures stay where they are: each is opened here, and its file read once, but it is decoded only
    when its pixels are asked for. Damage behind the header is found then.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for.

    Raises:
        UserError: see `read_emoji`, `list_pictures` and `read_tfds_captions`; also a part without a
            picture, and a picture that is bad (`check_picture`) or has a bad caption or none (named,
            counted and left out with `--skip-bad-pictures`).
    """
    if config.data == "embedded":
        pictures = read_emoji(embedded, config.language)
    elif config.language != CaptionSourceConfig.language:
        raise UserError(f"{config.data}: --language is for the embedded data: drop it")
    else:
        pictures = list(_checked(config))
    parts = _divided(pictures)
    for part in PARTS:
        if not parts[part]:
            raise UserError(f"{config.data}: no picture is left for the {part} part: more are needed")
    log.info("%s: %s pictures", config.data, ", ".join(f"{len(parts[part])} {part}" for part in PARTS))
    return parts


def _checked(config: CaptionSourceConfig) -> Iterator[tuple[str, CaptionedPicture | None]]:
    """The part of each picture, and the picture; None in place of a bad one."""
    bad = BadExamples(config.data, "pictures", "--skip-bad-pictures", config.skip_bad_pictures)
    good = frames = 0
    for found in _tfds(config) if config.data.startswith("tfds:") else _folder(config):
        try:
            frames += _check(found)
        except UserError as error:
            bad.add(str(error))
            yield found.part, None
        else:
            good += 1
            key = hashlib.sha256(_content(found.source)).hexdigest()
            captions = tuple(caption.strip() for caption in found.captions)
            yield found.part, CaptionedPicture(found.pixels, captions, key, found.name)
    bad.report(good)
    if frames:
        log.warning("%s: %d pictures have several frames: the first is used", config.data, frames)


def _check(found: _Found) -> bool:
    """Whether a picture has several frames.

    Raises:
        UserError: there is a problem with it, or with its captions.
    """
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
            part=listed.part,
            source=file,
            pixels=partial(read_picture, file),
        )


def _tfds(config: CaptionSourceConfig) -> Iterator[_Found]:
    for part, where, captions, content, read in read_tfds_captions(config):
        yield _Found(
            where=where,
            name=where,
            captions=captions,
            part=part,
            source=content,
            pixels=partial(_read_again, read, where),
        )


def _read_again(
    read: Callable[[], bytes], where: str, size: tuple[int, int], crop: bool = False
) -> np.ndarray:
    return read_picture(read(), size, crop, where)


def _divided(
    pictures: list[tuple[str, CaptionedPicture | None]],
) -> dict[str, list[CaptionedPicture]]:
    """Put the pictures into train, valid and test parts; one that stands in several stays in the last.

    The training part lends to another to which no picture was given, not even a bad one.
    """
    given = {part for part, _ in pictures}
    shares = {part: 0.0 if part in given else share for part, share in LENT.items()}
    keyed: dict[str, list[tuple[list[str], CaptionedPicture]]] = {part: [] for part in PARTS}
    for part, picture in pictures:
        if picture is not None:
            if part == "train":
                part = split_of(picture.key, shares["test"], shares["valid"])
            keyed[part].append(([picture.key], picture))
    return leave_out_copies(keyed, "%d %s pictures left out: the same stand in a held-out part too")
