"""The options of a source of running text."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import UsageError, require


@dataclass(frozen=True)
class DocumentSourceConfig(TableSourceConfig):
    """Where the documents come from."""

    data: str = "embedded"
    """embedded, tfds:NAME (TensorFlow Datasets), a text file, a folder of text files, a CSV, TSV or
    JSONL file with a document a row, or - for standard input; files named after splits (ptb.train.txt,
    ptb.valid.txt, ptb.test.txt) belong together"""
    documents: Literal["files", "lines", "blocks"] = "files"
    """what a document is: a file, a line of one, or what stands between its empty lines"""
    text_column: str = "text"
    """column or field of the text, in a table"""
    validation_share: float = 0.05
    """share of the documents (of a single one: of its text, behind the training part) that chooses the
    best epoch, if the source has no split for it"""
    test_share: float = 0.05
    """share that the network is scored on, from the end of a single document; 0: it is scored on the
    validation text"""
    skip_bad: bool = False
    """leave out documents without text and count them, instead of stopping at the first"""

    def __post_init__(self):
        super().__post_init__()
        require(self, "validation_share", 0 < self.validation_share < 1, "above 0 and below 1")
        require(self, "test_share", 0 <= self.test_share < 1, "at least 0 and below 1")
        if self.validation_share + self.test_share >= 1:
            raise UsageError("--validation-share and --test-share leave nothing to train on")
