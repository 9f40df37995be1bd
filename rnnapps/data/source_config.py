"""The options of a data source, shared by the applications."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceConfig:
    """Where the examples come from."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), a CSV, TSV or JSONL file, or a folder with
    train.csv, test.csv and optionally valid.csv"""
    text_column: str = "text"
    """column or field of the text"""
    label_column: str = "label"
    """column or field of the label"""
    soft_labels: bool = True
    """train on the columns that are named like classes, where the source has them: they hold the
    probability of each class (of one it may be missing); a row with them and no label only trains"""
    skip_bad_rows: bool = False
    """leave out rows without text or label and count them, instead of stopping at the first"""
    download: bool = False
    """let tfds:NAME fetch and prepare a data set that is not on this machine"""
    tfds_folder: str | None = None
    """folder of TensorFlow Datasets (its own default: ~/tensorflow_datasets)"""
