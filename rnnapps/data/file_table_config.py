"""The options of a source that may be a table of files and their texts."""

from dataclasses import dataclass

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import require


@dataclass(frozen=True)
class FileTableConfig(TableSourceConfig):
    """Where the files and their texts come from."""

    file_column: str = "file"
    """column of a table that has the files"""
    text_column: str = "text"
    """column of a table that has the texts"""

    def __post_init__(self):
        super().__post_init__()
        for field in ("file_column", "text_column"):
            require(self, field, bool(getattr(self, field).strip()), "a name")
        require(self, "text_column", self.text_column != self.file_column, "another than --file-column")
