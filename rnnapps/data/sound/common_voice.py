"""A folder of Common Voice: `clips/*.mp3`, and tables that say who says what in them."""

from pathlib import Path

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.row_sources import check_columns
from rnnapps.data.sound.folders import SoundFile
from rnnapps.data.tables import read_table

CLIPS = "clips"
TABLES = {"train": "train.tsv", "validation": "dev.tsv", "test": "test.tsv"}
VALIDATED = "validated.tsv"  # which has the rows of the three and more
COLUMNS = ("path", "sentence")


def is_common_voice(folder: Path) -> bool:
    """Whether a folder has the clips and a table of Common Voice."""
    names = (*TABLES.values(), VALIDATED)
    return (folder / CLIPS).is_dir() and any((folder / name).is_file() for name in names)


def list_clips(folder: Path, skip_bad: bool = False, one_word: bool = True) -> list[SoundFile]:
    """The clips of a folder of Common Voice, with their sentences and speakers.

    The splits are those of `train.tsv`, `dev.tsv` and `test.tsv`; without the first, all that
    `validated.tsv` has is to be divided.

    Raises:
        UserError: see `read_table`; also a table without the columns `path` and `sentence`, and a
            sentence that is not one word, if it is to be (left out with `skip_bad`).
    """
    tables = {split: folder / name for split, name in TABLES.items() if (folder / name).is_file()}
    if "train" not in tables:
        tables = {"train": folder / VALIDATED}
    files = []
    for split, table in tables.items():
        rows = read_table(table)
        check_columns(rows, COLUMNS, "another folder")
        bad = BadRows(str(table), "rows", skip_bad)
        kept = rows
        if one_word:
            kept = bad.good(rows, lambda row: _problem(folder / row.where, row.fields["sentence"]))
        files += [
            SoundFile(
                file=folder / CLIPS / row.fields["path"],
                word=row.fields["sentence"].strip(),
                speaker=row.fields.get("client_id") or None,
                split=split,
            )
            for row in kept
        ]
    return files


def _problem(where: Path, sentence: str) -> str | None:
    if len(sentence.split()) == 1:
        return None
    return (
        f"{where}: '{sentence.strip()[:40]}' is not one word (Common Voice has sets of single words, "
        f"its target segments)"
    )
