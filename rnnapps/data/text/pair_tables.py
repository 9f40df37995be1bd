"""Sentence pairs from tables, in the forms in which people have them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rnnapps.data.row import Row
from rnnapps.data.tables import read_table, read_tables
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text_files import first_line, read_text
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

NESTED = "translation"  # the column of Hugging Face's data sets
ATTRIBUTION = "CC-BY"  # what the third column of manythings.org begins with


def read_pair_tables(path: Path, config: ParallelSourceConfig) -> dict[str, list[Row]]:
    """The rows of a table or of the tables of a folder, by split, with a field for each language.

    - A table has a column for each language, or without a header first the source and then the target.
    - A file of manythings.org, such as `fra.txt`, has English, another language and its attribution,
      and no header.
    - Objects of JSON may have the languages in a field `translation`.

    Raises:
        UserError: see `read_tables`; also a file of manythings.org, and English is not asked for.
    """
    if _is_of_manythings(path, config):
        return {"train": _of_manythings(path, config)}
    splits = unnested(read_tables(path, config))
    return splits if config.header else {key: _by_position(rows, config) for key, rows in splits.items()}


def unnested(splits: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of `{"translation": {"en": ..., "fr": ...}}` with a field for each language."""
    if not all(NESTED in rows[0].fields for rows in splits.values()):
        return splits
    return {split: [_unnested(row) for row in rows] for split, rows in splits.items()}


def _unnested(row: Row) -> Row:
    pair = row.fields[NESTED]
    return replace(row, fields=dict(pair)) if isinstance(pair, Mapping) else row


def _is_of_manythings(path: Path, config: ParallelSourceConfig) -> bool:
    if path.is_dir() or path.suffix != ".txt":
        return False
    first = first_line(read_text(path, config)).split("\t")
    return len(first) == 3 and first[2].startswith(ATTRIBUTION)


def _of_manythings(path: Path, config: ParallelSourceConfig) -> list[Row]:
    source, target = config.source_language, config.target_language
    if "en" not in (source, target):
        raise UserError(
            f"{path}: pairs of manythings.org, of English and another language: one of "
            f"--source-language and --target-language must be en"
        )
    other = target if source == "en" else source
    log.info("%s: pairs of manythings.org: the second language is taken for '%s'", path, other)
    return [
        replace(row, fields={"en": row.fields["1"], other: row.fields["2"]})
        for row in read_table(path, replace(config, header=False))
    ]


def _by_position(rows: list[Row], config: ParallelSourceConfig) -> list[Row]:
    languages, fields = (config.source_language, config.target_language), rows[0].fields
    if set(languages) <= fields.keys() or not {"1", "2"} <= fields.keys():
        return rows  # the columns are chosen by their numbers, or it is JSON, which has names
    return [replace(row, fields=dict(zip(languages, row.fields.values(), strict=False))) for row in rows]
