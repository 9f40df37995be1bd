"""From `--data` to sentence pairs in train, validation and test splits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.row import Row
from rnnapps.data.row_sources import check_columns, file_of, read_tfds_rows
from rnnapps.data.splits import Shares, content_key, divide
from rnnapps.data.tables import SUFFIXES, has_tables, read_tables
from rnnapps.data.text.components import component_keys
from rnnapps.data.text.pair_tables import read_pair_tables, unnested
from rnnapps.data.text.parallel_files import read_parallel_files, read_parallel_pair
from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.data.text.sentence_pair import SentencePair
from rnnapps.data.text.sources import text_problem
from rnnapps.data.text.tmx import read_tmx
from rnnapps.data.tfds import PREFIX
from rnnapps.errors import UserError

SHARES = Shares(test=0.1, validation=0.05)
MAX_WORDS = 1_000  # of one sentence: beyond this it is a text or a mistake, not a sentence
FLAGS = "--source-language and --target-language"


def read_pairs(
    config: ParallelSourceConfig, embedded: Path, examples: Any = None
) -> dict[str, list[SentencePair]]:
    """Read a source of sentence pairs and divide it into the splits "train", "validation" and "test".

    No sentence of either language stands in two splits, case, punctuation and spacing aside. A split
    that is missing is taken from the training pairs, by the fixed hash of their connected component:
    pairs that share a sentence stay together. Sentences lose the white space around them.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for, with files such as `en-fr.tsv.xz`.
        examples: instead of a source, columns in memory that are named like the languages.

    Raises:
        UserError: see `read_tables`, `PreparedSet`, `read_parallel_files` and `rows_in_memory`; also a
            language that the source does not have, and a pair with a sentence that is empty or of more
            than MAX_WORDS words (left out with `--skip-bad`).
    """
    languages = source, target = (config.source_language, config.target_language)

    def problem(row: Row) -> str | None:
        for language in languages:
            text = row.fields.get(language, "")
            if reason := text_problem(text) or too_long(text):
                return f"{row.where}: '{language}': {reason}"
        return None

    given = {}
    for split, rows in _read(config, embedded, examples).items():
        check_columns(rows, languages, FLAGS)
        bad = BadRows(file_of(rows[0]), "pairs", config.skip_bad)
        given[split] = [
            SentencePair(row.fields[source].strip(), row.fields[target].strip(), row.where)
            for row in bad.good(rows, problem)
        ]
    return divide(given, _keys, "pairs", SHARES, lambda pairs: component_keys(list(map(_keys, pairs))))


def by_source(pairs: Sequence[SentencePair]) -> dict[str, list[str]]:
    """Each source sentence with its different translations, as multi-reference BLEU wants them.

    A published figure on an official test set scores its lines one by one instead.
    """
    references: dict[str, dict[str, None]] = {}
    for pair in pairs:
        references.setdefault(pair.source, {})[pair.target] = None
    return {source: list(targets) for source, targets in references.items()}


def too_long(text: str) -> str | None:
    """What is wrong with a sentence of more words than a sentence has, or None."""
    words = len(text.split())
    return f"a sentence of {words:,} words ({MAX_WORDS:,} are allowed)" if words > MAX_WORDS else None


def _keys(pair: SentencePair) -> tuple[str, str]:
    return content_key(pair.source), content_key(pair.target)


def _read(config: ParallelSourceConfig, embedded: Path, examples: Any) -> dict[str, list[Row]]:
    path, languages = Path(config.data), (config.source_language, config.target_language)
    if examples is not None:
        return unnested(rows_in_memory(examples))
    own = config.data != "embedded" and not config.data.startswith(PREFIX)
    if own and path.is_dir() and _has_lines(path, config):
        return read_parallel_files(path, config)
    if config.test_set is not None:
        raise UserError(f"{config.data}: --test-set is for a folder of parallel line files: drop it")
    if config.data == "embedded":
        return read_tables(_embedded_file(embedded, config))
    if not own:
        return read_tfds_rows(config, languages, FLAGS)
    if path.suffix.removeprefix(".") in languages:
        return {"train": read_parallel_pair(path, config)}
    if ".tmx" in path.suffixes:
        return {"train": read_tmx(path, languages)}
    return read_pair_tables(path, config)


def _has_lines(folder: Path, config: ParallelSourceConfig) -> bool:
    """Whether a folder is to have parallel line files, and no tables."""
    if any((folder / f"train{suffix}").exists() for suffix in SUFFIXES):
        return False
    return (folder / f"train.{config.source_language}").exists() or not has_tables(folder)


def _embedded_file(folder: Path, config: ParallelSourceConfig) -> Path:
    """The table of a language pair, which serves both directions."""
    source, target = config.source_language, config.target_language
    for name in (f"{source}-{target}", f"{target}-{source}"):
        if (folder / f"{name}.tsv.xz").exists():
            return folder / f"{name}.tsv.xz"
    pairs = sorted(file.name.removesuffix(".tsv.xz") for file in folder.glob("*.tsv.xz"))
    raise UserError(
        f"embedded: no pairs in {source} and {target}: it has {', '.join(pairs)}, in both directions: "
        f"choose with {FLAGS}, or give --data"
    )
