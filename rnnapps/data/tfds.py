"""Data sets of TensorFlow Datasets that are on this machine."""

import logging
from collections.abc import Iterator
from typing import Any

from rnnapps.data.source_config import SourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.values import present
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

PREFIX = "tfds:"


class PreparedSet:
    """The set `tfds:NAME`. One prepared as array_record is read without TensorFlow.

    Args:
        config: names the set and its folder; nothing is fetched without `download`.
        columns: the fields that are needed.
        advice: behind the error about a field that it lacks.

    Raises:
        UserError: no such set, a set that is not on this machine, or no such field.
    """

    def __init__(self, config: SourceConfig, columns: tuple[str, ...], advice: str):
        self.name = config.data
        name = config.data.removeprefix(PREFIX)
        try:
            import tensorflow_datasets as tfds
        except ImportError as error:
            raise UserError(
                f"{self.name} needs TensorFlow Datasets ({error.name}): "
                "pip install tensorflow-datasets importlib_resources"
            ) from None
        logging.getLogger("absl").setLevel(logging.ERROR)  # it tells of every folder that it looks into
        try:
            builder = tfds.builder(name, data_dir=config.tfds_folder, try_gcs=False)
        except (tfds.core.DatasetNotFoundError, ValueError, AssertionError):  # the last two: odd names
            raise UserError(
                f"{self.name}: TensorFlow Datasets knows no such set, and none is prepared in "
                f"{config.tfds_folder or 'its default folder'}"
            ) from None
        if not builder.is_prepared():
            if not config.download:
                raise UserError(
                    f"{self.name}: not on this machine (looked in {builder.data_dir}): add --download "
                    f"to fetch it, or name its folder with --tfds-folder"
                )
            builder.download_and_prepare()
        self.features = builder.info.features
        if missing := [column for column in columns if column not in self.features]:
            has = ", ".join(self.features)
            raise UserError(f"{self.name}: no field '{missing[0]}': it has {has}{advice}")
        self._tfds, self._builder = tfds, builder

    def splits(self, several: bool = False) -> Iterator[tuple[str, str]]:
        """The name of each split, and which of "train", "validation" and "test" it is.

        Args:
            several: whether a split may have several parts, such as `train_clean100`.
        """
        names = [str(name) for name in self._builder.info.splits]
        return (
            (theirs, ours)
            for one, ours in SPLIT_NAMES.items()
            for theirs in names
            if theirs == one or (several and theirs.startswith(f"{one}_"))
        )

    def where(self, split: str, number: int) -> str:
        """What errors call an example."""
        return f"{self.name}/{split}[{number}]"

    def examples(self, split: str, encoded: tuple[str, ...] = ()) -> Any:
        """The examples of a split, dicts of its fields; `encoded` fields are the bytes of files."""
        decoders = {name: self._tfds.decode.SkipDecoding() for name in encoded} or None
        if self._builder.info.file_format == self._tfds.core.FileFormat.ARRAY_RECORD:
            return self._builder.as_data_source(split, decoders=decoders)
        return self._tfds.as_numpy(self._builder.as_dataset(split, decoders=decoders))

    def value(self, column: str, value: Any) -> Any:
        """A value as a table has it: bytes as text, and the name of a class, or "" where none is given
        (-1).
        """
        feature = self.features[column]
        if hasattr(feature, "int2str"):  # ClassLabel
            return feature.int2str(int(value)) if value >= 0 else ""
        try:
            return value.decode("utf-8") if isinstance(value, bytes) else present(value)
        except UnicodeDecodeError:
            return value  # which no kind of data takes for a text
