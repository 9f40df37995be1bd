"""The options of a source that may be a table or another file of text."""

from dataclasses import dataclass

from rnnapps.data.source_config import SourceConfig
from rnnapps.errors import require


@dataclass(frozen=True)
class TableSourceConfig(SourceConfig):
    """Where the rows come from, and how their file is written."""

    encoding: str | None = None
    """encoding of your own files, such as latin-1 or cp1252 (default: UTF-8, or as a byte order mark
    says)"""
    header: bool = True
    """the first line of your own CSV, TSV or TXT file names the columns; without, they are called 1, 2,
    3, ..."""

    def __post_init__(self):
        super().__post_init__()
        require(self, "encoding", _is_encoding(self.encoding), "an encoding that Python knows")


def _is_encoding(name: str | None) -> bool:
    try:
        return name is None or bool("a".encode(name))
    except (LookupError, UnicodeError, ValueError):  # none, or not of texts, or odd letters
        return False
