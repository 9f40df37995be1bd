"""From `--data` to rows of text in train, validation and test splits."""

from pathlib import Path
from typing import Any

from rnnapps.data.row import Row
from rnnapps.data.row_sources import read_rows
from rnnapps.data.splits import content_key
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.values import is_unicode

MAX_CHARACTERS = 100_000  # of one text: beyond this it is a book or a mistake, not a text


def read_texts(
    config: TableSourceConfig, columns: tuple[str, ...], embedded: Path, flags: str, examples: Any = None
) -> dict[str, list[Row]]:
    """Rows of which the first column is a text, by split: see `read_rows`.

    Texts that differ only in case, punctuation and spacing do not stand in two splits.
    """
    return read_rows(
        config, columns, embedded, flags, text_problem, lambda text: [content_key(text)], examples
    )


def text_problem(text: Any) -> str | None:
    """What is wrong with a text that a user gives, or None."""
    if isinstance(text, str) and not text.strip():
        return "empty text"
    return prompt_problem(text)


def prompt_problem(text: Any) -> str | None:
    """What is wrong with a text that may be empty, as one that is to go on, or None."""
    if not isinstance(text, str):
        return f"a {type(text).__name__}, not a text"
    if len(text) > MAX_CHARACTERS:
        return f"a text of {len(text):,} characters ({MAX_CHARACTERS:,} are allowed)"
    return None if is_unicode(text) else "not a Unicode text (it has half a character)"
