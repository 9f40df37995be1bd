"""The options of a source of sentence pairs."""

from dataclasses import dataclass

from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import require


@dataclass(frozen=True)
class ParallelSourceConfig(TableSourceConfig):
    """Where the sentence pairs come from."""

    data: str = "embedded"
    """embedded (English with French or Spanish), tfds:NAME (TensorFlow Datasets), a CSV, TSV or JSON
    file with a column for each language, one of manythings.org, a TMX file, one of two parallel line
    files, or a folder with such, train.en, train.de, val.en, ... or with train.csv, test.csv and
    optionally validation.csv"""
    source_language: str = "en"
    """language to translate from: the column, field or ending of the line files that has it"""
    target_language: str = "fr"
    """language to translate to, likewise"""
    test_set: str | None = None
    """test set of a folder with several, such as test_2016_flickr for test_2016_flickr.en and .de"""
    skip_bad: bool = False
    """leave out pairs with an empty or far too long sentence and count them, instead of stopping at
    the first"""

    def __post_init__(self):
        super().__post_init__()
        for field in ("source_language", "target_language", "test_set"):
            name = getattr(self, field)
            allowed = name is None or (name.strip() and not set(name) & set("/\\"))
            require(self, field, bool(allowed), "a name, not a path")
        different = self.source_language != self.target_language
        require(self, "target_language", different, "another than --source-language")
