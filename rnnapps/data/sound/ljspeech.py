"""Folders of LJSpeech: `metadata.csv`, which is no CSV, and `wavs`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import read_named, refusing
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.text_files import first_line, lines_of, read_text

TABLE, SOUNDS = "metadata.csv", "wavs"


def is_ljspeech(folder: Path, config: SpeechSourceConfig) -> bool:
    """Whether a folder has these two, with `|` in the first line of the table."""
    table = folder / TABLE
    return (folder / SOUNDS).is_dir() and table.is_file() and "|" in first_line(read_text(table, config))


def list_ljspeech(folder: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    """The recordings of a folder; of a line `id|text|normalised text` the last that is not empty is
    their text.

    Quotation marks and commas in it mean nothing, and there is no header. Nothing tells who speaks.

    Raises:
        UserError: a table that cannot be read (`read_text`).
    """
    table = folder / TABLE
    for number, line in enumerate(lines_of(read_text(table, config)), start=1):
        if not line.strip():
            continue
        where = f"{table}:{number}"
        name, *texts = line.split("|")
        if not name.strip() or len(texts) not in (1, 2):
            problem = f"{where}: {len(texts) + 1} columns: expected id|text or id|text|normalised text"
            yield FoundRecording(where, "", None, "train", refusing(problem))
            continue
        text = next((text.strip() for text in reversed(texts) if text.strip()), "")
        read = partial(read_named, name, [folder / SOUNDS], where, config.max_seconds)
        yield FoundRecording(where, text, None, "train", read)
