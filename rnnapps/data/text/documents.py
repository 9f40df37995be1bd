"""Running text: documents in train, validation and test splits."""

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.row import Row
from rnnapps.data.row_sources import check_columns, problem_of, read_tfds_rows
from rnnapps.data.splits import SPLIT_NAMES, SPLITS, Shares, content_key, divide
from rnnapps.data.tables import SUFFIXES, read_table
from rnnapps.data.text.document_source_config import DocumentSourceConfig
from rnnapps.data.text.token_encoder import END, TokenEncoder
from rnnapps.data.text_files import COMPRESSIONS, decode, kind_of, lines_of, read_text
from rnnapps.data.tfds import PREFIX
from rnnapps.data.values import is_unicode
from rnnapps.errors import UserError

TEXT = ".txt"
FLAGS = "--text-column"


@dataclass(frozen=True)
class Documents:
    """The documents of a split.

    `ends` tells whether each is whole, so that its end can be learnt too: a single document is cut into
    splits, and its end is none.
    """

    texts: list[str]
    ends: bool

    def __len__(self) -> int:
        return len(self.texts)

    def digest(self) -> str:
        """A fingerprint of the texts, by which a bundle knows what it was scored on."""
        return hashlib.sha256("\0".join(self.texts).encode()).hexdigest()


def read_documents(
    config: DocumentSourceConfig, embedded: Path, examples: Any = None
) -> dict[str, Documents]:
    """Read a source, and divide it into the splits "train", "validation" and "test".

    Documents that differ only in case, punctuation and spacing do not stand in two splits. A single
    document is divided by its length: first what is trained on, last what is tested on.

    Args:
        config: what to read.
        embedded: the table that `--data embedded` stands for.
        examples: instead of a source, the columns of its table in memory (`rnnapps.data.columns`).

    Raises:
        UserError: no such file, no text, an empty document (left out with `skip_bad`), or none at all.
    """
    given = _rows(config, embedded, examples)
    column = config.text_column
    texts: dict[str, list[str]] = {}
    for split, rows in given.items():
        check_columns(rows, (column,), FLAGS)
        bad = BadRows(config.data, "documents", config.skip_bad)
        good = bad.good(rows, lambda row: problem_of(row, document_problem(row.fields[column])))
        texts[split] = [_text(row.fields[column]) for row in good]
    whole = sum(map(len, texts.values())) > len(texts)
    if not whole and list(texts) == ["train"]:
        texts = _cut(texts["train"][0], config)
    elif config.documents != "files" or len(texts.get("train", ())) > 1:
        shares = Shares(test=config.test_share, validation=config.validation_share)
        texts = divide(texts, lambda text: [content_key(text)], "documents", shares)
    return {split: Documents(texts.get(split, []), whole) for split in SPLITS}


def document_problem(text: Any) -> str | None:
    """What is wrong with a document, a text or a list of lines, or None."""
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = _text(text)
    if not isinstance(text, str):
        return f"a {type(text).__name__}, not a text"
    if not text.strip():
        return "an empty document"
    return None if is_unicode(text) else "not a Unicode text (it has half a character)"


def _text(document: str | list[str]) -> str:
    """A document; of a list of lines, such as the turns of a conversation, each is one line."""
    return (
        document if isinstance(document, str) else "\n".join(" ".join(one.split()) for one in document)
    )


def _cut(text: str, config: DocumentSourceConfig) -> dict[str, list[str]]:
    """A single document in three parts, one after the other."""
    end = round(len(text) * (1 - config.test_share))
    middle = end - round(len(text) * config.validation_share)
    parts = {"train": text[:middle], "validation": text[middle:end], "test": text[end:]}
    return {split: [part] for split, part in parts.items() if part}


def _rows(config: DocumentSourceConfig, embedded: Path, examples: Any) -> Mapping[str, list[Row]]:
    """A row for each document, by split."""
    if examples is not None:
        return rows_in_memory(examples)
    if config.data.startswith(PREFIX):
        return read_tfds_rows(config, (config.text_column,), FLAGS)
    if config.data == "embedded":
        return {"train": read_table(embedded)}
    if config.data == "-":
        name = Path("standard input")
        return {"train": _documents(name, decode(name, sys.stdin.buffer.read(), config), config)}
    path = Path(config.data)
    files = _files(path)
    return {
        split: [row for file in some for row in _read(file, config)] for split, some in files.items()
    }


def _files(path: Path) -> dict[str, list[Path]]:
    """The files of a path by split: those of a folder, or a file and those of other splits beside it.

    Where files are named after splits, one that is not is refused: nobody knows what it is for.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if _is_readable(file))
        if not files:
            raise UserError(
                f"{path}: no text files in this folder: expected .txt or {', '.join(SUFFIXES)}"
            )
        if not any(_split_of(file) == "train" for file in files):
            return {"train": files}
    elif _split_of(path) == "train" and path.is_file():
        files = sorted(file for file in path.parent.iterdir() if _stem(file) == _stem(path))
    else:
        return {"train": [path]}
    by_split: dict[str, list[Path]] = {}
    for file in files:
        if (split := _split_of(file)) is None:
            raise UserError(
                f"{file}: named after no split, and others here are: move it, or give --data the file "
                f"that is named train"
            )
        by_split.setdefault(split, []).append(file)
    return by_split


def _is_readable(file: Path) -> bool:
    suffixes = {TEXT, *SUFFIXES, *(f"{kind}{end}" for kind in (TEXT, *SUFFIXES) for end in COMPRESSIONS)}
    return file.is_file() and not file.name.startswith(".") and any(map(file.name.endswith, suffixes))


def _parts(file: Path) -> list[str]:
    return re.split(r"[._ -]", file.name.lower())


def _split_of(file: Path) -> str | None:
    """The split that a file is named after: `ptb.train.txt`, `wiki.valid.tokens`, `test.csv`."""
    return next((SPLIT_NAMES[part] for part in _parts(file) if part in SPLIT_NAMES), None)


def _stem(file: Path) -> tuple[str, ...] | None:
    """What the files of one set share: their names without the split."""
    if _split_of(file) is None:
        return None
    return tuple(part for part in _parts(file) if part not in SPLIT_NAMES)


def _read(file: Path, config: DocumentSourceConfig) -> list[Row]:
    if kind_of(file) in (*SUFFIXES, ".json"):
        return read_table(file, config)
    return _documents(file, read_text(file, config), config)


def encode_documents(documents: Documents, encoder: TokenEncoder) -> list[np.ndarray]:
    """The tokens of each document, int32 `(time,)`, with its end if it has one."""
    ends = np.full(int(documents.ends), END, "int32")
    return [np.concatenate([encoder.encode(text), ends]) for text in documents.texts]


def _documents(file: Path, text: str, config: DocumentSourceConfig) -> list[Row]:
    """The documents of the text of a file; empty lines are none."""
    if config.documents == "files":
        return [Row(file.name, {config.text_column: text.replace("\r\n", "\n")})]
    found: list[Row] = []
    whole: list[str] = []
    for number, line in enumerate([*lines_of(text), ""], start=1):
        if line.strip():
            whole.append(line.rstrip("\r"))
        if whole and (config.documents == "lines" or not line.strip()):
            where = f"{file.name}:{number - len(whole) + (1 if line.strip() else 0)}"
            found.append(Row(where, {config.text_column: "\n".join(whole)}))
            whole = []
    if not found:
        raise UserError(f"{file}: the file has no lines")
    return found
