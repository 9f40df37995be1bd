"""The options of a source of labelled sequences."""

from dataclasses import dataclass

from rnnapps.data.table_source_config import TableSourceConfig


@dataclass(frozen=True)
class SequenceSourceConfig(TableSourceConfig):
    """Where the sequences and their labels come from."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), a CSV, TSV or JSON file, a folder with train.csv,
    test.csv and optionally validation.csv, or one with a FASTA file for each label (LABEL.fa)"""
    sequence_column: str = "sequence"
    """column or field of the sequence"""
    label_column: str = "label"
    """column or field of the label"""
