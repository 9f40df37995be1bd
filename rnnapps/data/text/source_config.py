"""The options of a source of labelled texts."""

from dataclasses import dataclass

from rnnapps.data.table_source_config import TableSourceConfig


@dataclass(frozen=True)
class TextSourceConfig(TableSourceConfig):
    """Where the texts and their labels come from."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), a CSV, TSV, JSON or fastText file, or a folder
    with train.csv, test.csv and optionally validation.csv"""
    text_column: str = "text"
    """column or field of the text"""
    label_column: str = "label"
    """column or field of the label"""
    soft_labels: bool = True
    """train on the columns that are named like classes, where the source has them: they hold the
    probability of each class (of one it may be missing); a row with them and no label only trains"""
    skip_bad: bool = False
    """leave out rows without text or label and count them, instead of stopping at the first"""
