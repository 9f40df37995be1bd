"""The options of a source of written lines."""

from dataclasses import dataclass
from typing import Literal

from rnnapps.data.file_table_config import FileTableConfig
from rnnapps.data.source_config import embedded_name
from rnnapps.errors import require

EMBEDDED = ("lines", "digits")  # the first is what "embedded" means


@dataclass(frozen=True)
class LineSourceConfig(FileTableConfig):
    """Where the lines and their texts come from."""

    data: str = "embedded"
    """embedded (sentences drawn in fonts of handwriting) or embedded:digits (strings of digits, written
    by hand), or the path of your own lines. Paper: a folder of pictures with NAME.gt.txt or NAME.txt
    beside each, one with a table of files and texts, or pages in ALTO or PAGE XML. Pen: InkML, strokes
    in JSON, or a folder with strokes.npz and lines.tsv"""
    fonts: str | None = None
    """of --data embedded: a folder of more fonts (TTF, OTF, WOFF2), in which more training lines are
    drawn"""
    normalisation: Literal["NFC", "NFD", "NFKC", "NFKD", "none"] = "NFC"
    """form of Unicode that texts are brought to"""
    file_column: str = "file"
    """column of the table that has the picture's file; an optional column split has its split, and a
    column writer or document what must not be divided between splits"""

    def __post_init__(self):
        super().__post_init__()
        known = self.data.partition(":")[0] != "tfds" and self.embedded != ""
        require(self, "data", known, f"embedded, embedded:{EMBEDDED[1]} or the path of lines")
        drawn = self.fonts is None or self.embedded == EMBEDDED[0]
        require(self, "fonts", drawn, "of --data embedded alone, whose sentences are drawn")

    @property
    def embedded(self) -> str | None:
        """The embedded lines that are meant, "" of a name that there is not, or None of a path."""
        return embedded_name(self.data, EMBEDDED)
