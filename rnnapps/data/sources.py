"""From `--data` to rows in train, valid and test parts."""

import logging
from collections.abc import Callable
from pathlib import Path

from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.row import Row
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.splits import TEST_SHARE, VALID_SHARE, content_key, leave_out_copies, split_of
from rnnapps.data.tables import SUFFIXES, read_table
from rnnapps.data.tfds_source import read_tfds
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

LENT = {"test": TEST_SHARE, "valid": VALID_SHARE}  # of the training rows, to a part that is missing
MAX_CHARACTERS = 100_000  # of one text: beyond this it is a book or a mistake, not a text


def read_rows(config: SourceConfig, columns: tuple[str, ...], embedded: Path) -> dict[str, list[Row]]:
    """Read a source and divide it into the parts "train", "valid" and "test".

    A source that comes in parts keeps them; what it lacks is taken from its rows by the fixed hash
    of the text. A text that stands in several parts stays in the last of train, valid, test only.

    Args:
        config: what to read.
        columns: the fields that the application needs; the first is the text.
        embedded: the file that `--data embedded` stands for.

    Raises:
        UserError: see `read_table` and `read_tfds`; also a missing column, and a row without text
            or with one of more than MAX_CHARACTERS (counted and left out with `--skip-bad-rows`).
    """
    if config.data.startswith("tfds:"):
        parts = read_tfds(config, columns)
    else:
        parts = read_files(embedded if config.data == "embedded" else Path(config.data))
    text = columns[0]
    for part, rows in parts.items():
        if missing := [column for column in columns if column not in rows[0].fields]:
            raise UserError(
                f"{file_of(rows[0])}: no column '{missing[0]}': it has {', '.join(rows[0].fields)}: "
                f"choose with --text-column and --label-column"
            )
        parts[part] = good_rows(rows, lambda row: text_problem(row.fields[text]), config)
    return _divided(parts, text)


def good_rows(
    rows: list[Row],
    problem: Callable[[Row], str | None],
    config: SourceConfig | ParallelSourceConfig,
) -> list[Row]:
    """The rows with which there is no problem.

    Raises:
        UserError: there is one, and `skip_bad_rows` is not set, or no row is left.
    """
    good = []
    for row in rows:
        reason = problem(row)
        if reason is None:
            good.append(row)
        elif not config.skip_bad_rows:
            raise UserError(
                f"{row.where}: {reason}: mend it, or leave such rows out with --skip-bad-rows"
            )
    if len(good) < len(rows):
        log.warning(
            "%s: %d of %d rows left out (--skip-bad-rows)",
            file_of(rows[0]),
            len(rows) - len(good),
            len(rows),
        )
    if rows and not good:
        raise UserError(f"{file_of(rows[0])}: no good row is left")
    return good


def text_problem(text: str) -> str | None:
    """What is wrong with a text that a user gives, or None."""
    if not text.strip():
        return "empty text"
    if len(text) > MAX_CHARACTERS:
        return f"a text of {len(text):,} characters ({MAX_CHARACTERS:,} are allowed)"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "not a Unicode text (it has half a character)"
    return None


def file_of(row: Row) -> str:
    """The file, or split of a data set, that a row comes from."""
    return row.where.rstrip("0123456789]").rstrip(":[")


def read_files(path: Path) -> dict[str, list[Row]]:
    """The parts of a table, which is all training rows, or of a folder of tables, by their names.

    Raises:
        UserError: see `read_table`; also a folder without a training part, or with two of one part.
    """
    if not path.is_dir():
        return {"train": read_table(path)}  # which lends to the other parts
    parts = {}
    for part in ("train", "valid", "test"):
        files = [path / f"{part}{suffix}" for suffix in SUFFIXES if (path / f"{part}{suffix}").exists()]
        if len(files) > 1:
            raise UserError(f"{path}: both {files[0].name} and {files[1].name}: keep one of them")
        if files:
            parts[part] = read_table(files[0])
    if "train" not in parts:
        raise UserError(f"{path}: the folder has no train.csv (or train.tsv, train.jsonl)")
    return parts


def _divided(parts: dict[str, list[Row]], text: str) -> dict[str, list[Row]]:
    """Give every source a train, a valid and a test part, of which no two share a text."""
    keyed: dict[str, list[tuple[list[str], Row]]] = {
        part: [([content_key(row.fields[text])], row) for row in parts.get(part, ())]
        for part in ("train", "valid", "test")
    }
    shares = {part: 0.0 if keyed[part] else share for part, share in LENT.items()}
    if any(shares.values()):
        pairs, keyed["train"] = keyed["train"], []
        for keys, row in pairs:
            keyed[split_of(keys[0], shares["test"], shares["valid"])].append((keys, row))
    return leave_out_copies(keyed, "%d %s rows left out: their texts stand in a held-out part too")
