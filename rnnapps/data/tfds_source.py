"""Rows from TensorFlow Datasets."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from rnnapps.data.caption_source_config import PART_NAMES, CaptionSourceConfig
from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.row import Row
from rnnapps.data.sound_source_config import SoundSourceConfig
from rnnapps.data.source_config import SourceConfig
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def read_tfds(
    config: SourceConfig | ParallelSourceConfig,
    columns: tuple[str, ...],
    flags: str = "--text-column and --label-column",
) -> dict[str, list[Row]]:
    """Read the splits `train`, `validation` and `test` of the text set `tfds:NAME`.

    A set prepared as array_record is read without TensorFlow. A label that stands for "not given"
    (-1, as in the test parts of GLUE) becomes an empty field. `flags` are those that name the columns.

    Raises:
        UserError: no such set, a set that is not on this machine (nothing is fetched without
            `--download`), or no such field.
    """
    name = config.data.removeprefix("tfds:")
    tfds, builder = _prepared(config, columns, f": choose with {flags}")
    features = builder.info.features
    splits = {}
    for theirs, ours in SPLITS.items():
        if theirs in builder.info.splits:
            rows = [
                Row(f"tfds:{name}/{theirs}[{number}]", {c: _text(features[c], row[c]) for c in columns})
                for number, row in enumerate(_examples(tfds, builder, theirs))
            ]
            if all(all(row.fields.values()) is False for row in rows):
                log.info("tfds:%s: the part %s has no labels and is not used", name, theirs)
            else:
                splits[ours] = rows
    return splits


def read_tfds_sounds(
    config: SoundSourceConfig,
) -> Iterator[tuple[str, str, str, np.ndarray, int]]:
    """Read the splits `train`, `validation` and `test` of the sound set `tfds:NAME`, one by one.

    Yields:
        The part ("train", "valid" or "test"), where the clip stands, its label ("" if not given), its
        samples as floats `(time,)` or `(time, channels)`, and its sampling rate in Hz. Integers are
        taken as 16 bits, which TensorFlow Datasets keeps in types of up to 64.

    Raises:
        UserError: see `read_tfds`; also a set that does not say its sampling rate.
    """
    name = config.data.removeprefix("tfds:")
    tfds, builder = _prepared(config, ("audio", "label"), ": sound clips with their words are needed")
    audio, label = builder.info.features["audio"], builder.info.features["label"]
    if not getattr(audio, "sample_rate", None):
        raise UserError(f"tfds:{name}: it does not say its sampling rate: give its files as a folder")
    for theirs, ours in SPLITS.items():
        if theirs in builder.info.splits:
            for number, row in enumerate(_examples(tfds, builder, theirs)):
                samples = np.asarray(row["audio"])
                scale = 32768 if samples.dtype.kind == "i" else 1
                yield (
                    ours,
                    f"tfds:{name}/{theirs}[{number}]",
                    _text(label, row["label"]),
                    samples.astype("float32") / np.float32(scale),
                    audio.sample_rate,
                )


def read_tfds_captions(
    config: CaptionSourceConfig,
) -> Iterator[tuple[str, str, tuple[str, ...], bytes, Callable[[], bytes]]]:
    """Read the splits of the set of captioned pictures `tfds:NAME`, one by one.

    The names of splits are those of PART_NAMES. The set had best be prepared as array_record: tfrecord
    is read in order, and to read an earlier picture again is to start anew.

    Yields:
        The part ("train", "valid" or "test"), where the picture stands, its captions, the content of
        its file, and what reads that again, so that the pictures need not be kept.

    Raises:
        UserError: see `read_tfds`; also captions that are not as in `coco_captions`, where each has the
            field `text`.
    """
    name = config.data.removeprefix("tfds:")
    tfds, builder = _prepared(config, ("image", "captions"), ": pictures with captions are needed")
    if "text" not in (getattr(builder.info.features["captions"], "feature", None) or ()):
        raise UserError(
            f"tfds:{name}: its captions have no field 'text', as those of coco_captions have"
        )
    for theirs, ours in PART_NAMES.items():
        if theirs in builder.info.splits:
            content = {"image": tfds.decode.SkipDecoding()}
            examples = _examples(tfds, builder, theirs, content)
            by_number = examples if hasattr(examples, "__getitem__") else _Forwards(examples)
            for number, row in enumerate(examples):
                captions = tuple(text.decode("utf-8") for text in row["captions"]["text"])
                where = f"tfds:{name}/{theirs}[{number}]"
                yield ours, where, captions, row["image"], partial(_content, by_number, number)


def _content(examples, number: int) -> bytes:
    return examples[number]["image"]


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


def _prepared(
    config: SourceConfig | ParallelSourceConfig | SoundSourceConfig | CaptionSourceConfig,
    columns: tuple[str, ...],
    advice: str,
):
    """TensorFlow Datasets, and the builder of a set that is on this machine and has these columns."""
    name = config.data.removeprefix("tfds:")
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise UserError(
            f"tfds:{name} needs TensorFlow Datasets ({error.name}): "
            "pip install tensorflow-datasets importlib_resources"
        ) from None
    logging.getLogger("absl").setLevel(logging.ERROR)  # it tells of every folder that it looks into
    try:
        builder = tfds.builder(name, data_dir=config.tfds_folder, try_gcs=False)
    except (tfds.core.DatasetNotFoundError, ValueError, AssertionError):  # the last two: odd names
        raise UserError(
            f"tfds:{name}: TensorFlow Datasets knows no such set, and none is prepared in "
            f"{config.tfds_folder or 'its default folder'}"
        ) from None
    if not builder.is_prepared():
        if not config.download:
            raise UserError(
                f"tfds:{name}: not on this machine (looked in {builder.data_dir}): add --download "
                f"to fetch it, or name its folder with --tfds-folder"
            )
        builder.download_and_prepare()
    features = builder.info.features
    missing = [column for column in columns if column not in features]
    if missing:
        raise UserError(f"tfds:{name}: no field '{missing[0]}': it has {', '.join(features)}{advice}")
    return tfds, builder


def _text(feature, value) -> str:
    """A value as text: the name of a class, or "" for one that is not given (-1)."""
    if hasattr(feature, "int2str"):  # ClassLabel
        return feature.int2str(int(value)) if value >= 0 else ""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _examples(tfds, builder, split: str, decoders=None):
    if builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD:
        return builder.as_data_source(split, decoders=decoders)
    return tfds.as_numpy(builder.as_dataset(split, decoders=decoders))
