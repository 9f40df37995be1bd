"""Sequences from FASTA files."""

from pathlib import Path

from rnnapps.data.row import Row
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.tables import read_tables
from rnnapps.data.text_files import kind_of, read_text
from rnnapps.errors import UserError

SUFFIXES = (".fa", ".fasta", ".fna", ".ffn")


def is_fasta(path: Path) -> bool:
    """Whether a file has a name of FASTA, which may be compressed."""
    return kind_of(path) in SUFFIXES


def read_fasta(path: Path, config: TableSourceConfig | None = None) -> list[Row]:
    """The records of a FASTA file, each with the fields `name` and `sequence`.

    Raises:
        UserError: see `read_text`; also text before the first `>`, a record without a sequence, or none.
    """
    records: list[tuple[str, str, list[str]]] = []  # place, name, lines
    for number, line in enumerate(read_text(path, config).splitlines(), start=1):
        line = line.strip()
        if line.startswith(">"):
            records.append((f"{path.name}:{number}", line[1:].strip(), []))
        elif line and not records:
            raise UserError(f"{path}:{number}: not FASTA: a sequence begins with a line '>name'")
        elif line:
            records[-1][2].append(line)
    if not records:
        raise UserError(f"{path}: the file has no sequences")
    return [Row(where, {"name": name, "sequence": "".join(lines)}) for where, name, lines in records]


def read_labelled_sequences(path: Path, config: TableSourceConfig | None = None) -> dict[str, list[Row]]:
    """Sequences with labels: tables, or a folder of FASTA files that are named by their label.

    A folder has `LABEL.fa` for each label, or the folders `train`, `test` and optionally `validation` of
    such. The rows of FASTA files have the fields `name`, `sequence` and `label`.

    Raises:
        UserError: see `read_tables` and `read_fasta`; also a FASTA file that is not in such a folder.
    """
    if path.is_file() and is_fasta(path):
        raise UserError(
            f"{path}: FASTA has no labels: give a folder with a file for each label (LABEL.fa), or a "
            f"CSV file"
        )
    if not path.is_dir():
        return read_tables(path, config)
    folders = {name: path / name for name in SPLIT_NAMES if (path / name).is_dir()} or {"train": path}
    files = {
        name: sorted(file for file in folder.iterdir() if is_fasta(file))
        for name, folder in folders.items()
    }
    if not any(files.values()):
        return read_tables(path, config)
    splits: dict[str, list[Row]] = {}
    for name, some in files.items():
        if not some:
            raise UserError(f"{folders[name]}: no FASTA files in it ({', '.join(SUFFIXES)})")
        for file in some:
            label = file.name.partition(".")[0]
            rows = [Row(row.where, row.fields | {"label": label}) for row in read_fasta(file, config)]
            splits.setdefault(SPLIT_NAMES[name], []).extend(rows)
    return splits
