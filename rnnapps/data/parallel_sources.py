"""From `--data` to sentence pairs in train, valid and test parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnnapps.data.components import component_keys
from rnnapps.data.parallel_files import read_parallel_files
from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.row import Row
from rnnapps.data.sources import file_of, good_rows, read_files, text_problem
from rnnapps.data.splits import content_key, leave_out_copies, split_of
from rnnapps.data.tables import SUFFIXES
from rnnapps.data.tfds_source import read_tfds
from rnnapps.errors import UserError

LENT = {"test": 0.1, "valid": 0.05}  # of the training pairs, to a part that is missing
MAX_WORDS = 1_000  # of one sentence: beyond this it is a text or a mistake, not a sentence


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence, a translation of it, and where they stand (`train.en:17`)."""

    source: str
    target: str
    where: str


def read_pairs(config: ParallelSourceConfig, embedded: Path) -> dict[str, list[SentencePair]]:
    """Read a source of sentence pairs and divide it into the parts "train", "valid" and "test".

    No sentence of either language stands in two parts, case, punctuation and spacing aside. A source
    that comes in parts keeps them, except that pairs which share a sentence with a later one of
    train, valid, test are left out; a part that is missing is taken from its training pairs, by the
    fixed hash of their connected component. Sentences lose the white space around them.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for, with files such as `en-fr.tsv.xz`.

    Raises:
        UserError: see `read_table`, `read_tfds` and `read_parallel_files`; also a language that the
            source does not have, and a pair with a sentence that is empty or of more than MAX_WORDS
            words (counted and left out with `--skip-bad-rows`).
    """
    languages = (config.source_language, config.target_language)

    def problem(row: Row) -> str | None:
        for language in languages:
            if reason := text_problem(row.fields[language]) or too_long(row.fields[language]):
                return f"'{language}': {reason}"
        return None

    parts = {}
    for part, rows in _read(config, embedded).items():
        if missing := [language for language in languages if language not in rows[0].fields]:
            raise UserError(
                f"{file_of(rows[0])}: no column '{missing[0]}': it has {', '.join(rows[0].fields)}: "
                f"choose with --source-language and --target-language"
            )
        parts[part] = [
            SentencePair(*(row.fields[language].strip() for language in languages), row.where)
            for row in good_rows(rows, problem, config)
        ]
    return _divided(parts)


def by_source(pairs: Iterable[SentencePair]) -> dict[str, list[str]]:
    """Each source sentence with its different translations, as multi-reference BLEU wants them.

    A published figure on an official test set scores its lines one by one instead.
    """
    references: dict[str, dict[str, None]] = {}
    for pair in pairs:
        references.setdefault(pair.source, {})[pair.target] = None
    return {source: list(targets) for source, targets in references.items()}


def _read(config: ParallelSourceConfig, embedded: Path) -> dict[str, list[Row]]:
    path = Path(config.data)
    if config.data == "embedded":
        path = _embedded_file(embedded, config)
    elif path.is_dir() and not any((path / f"train{suffix}").exists() for suffix in SUFFIXES):
        return read_parallel_files(path, config)
    if config.test_set is not None:
        raise UserError(f"{config.data}: --test-set is for a folder of parallel line files: drop it")
    if config.data.startswith("tfds:"):
        languages = (config.source_language, config.target_language)
        return read_tfds(config, languages, "--source-language and --target-language")
    return read_files(path)


def _embedded_file(folder: Path, config: ParallelSourceConfig) -> Path:
    """The table of a language pair, which serves both directions."""
    source, target = config.source_language, config.target_language
    for name in (f"{source}-{target}", f"{target}-{source}"):
        if (folder / f"{name}.tsv.xz").exists():
            return folder / f"{name}.tsv.xz"
    pairs = sorted(file.name.removesuffix(".tsv.xz") for file in folder.glob("*.tsv.xz"))
    raise UserError(
        f"embedded: no pairs in {source} and {target}: it has {', '.join(pairs)}, in both directions: "
        f"choose with --source-language and --target-language, or give --data"
    )


def too_long(text: str) -> str | None:
    words = len(text.split())
    return f"a sentence of {words:,} words ({MAX_WORDS:,} are allowed)" if words > MAX_WORDS else None


def _divided(parts: dict[str, list[SentencePair]]) -> dict[str, list[SentencePair]]:
    """Give every source a train, a valid and a test part, of which no two share a sentence."""
    keyed = {
        part: [((content_key(p.source), content_key(p.target)), p) for p in parts.get(part, ())]
        for part in ("train", "valid", "test")
    }
    shares = {part: 0.0 if keyed[part] else share for part, share in LENT.items()}
    if any(shares.values()):
        train, keyed["train"] = keyed["train"], []
        components = component_keys([keys for keys, _ in train])
        for component, keyed_pair in zip(components, train, strict=True):
            keyed[split_of(component, shares["test"], shares["valid"])].append(keyed_pair)
    return leave_out_copies(
        keyed, "%d %s pairs left out: a sentence of theirs stands in a held-out part too"
    )
