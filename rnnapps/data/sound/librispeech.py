"""Folders of LibriSpeech: `84-121123.trans.txt`, and beside it `84-121123-0000.flac`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import read_named
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.text_files import lines_of, read_text

ENDING = ".trans.txt"


def is_librispeech(folder: Path) -> bool:
    """Whether a folder has such files of texts, in it or below."""
    return next(folder.rglob(f"*{ENDING}"), None) is not None


def list_librispeech(folder: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    """The recordings of a folder such as `LibriSpeech` or `train-clean-100`.

    A line of a `*.trans.txt` has the name of a recording beside it and its text. The speaker is that
    name up to the first hyphen. The splits are those by which folders below this one are called, up to
    a hyphen, as in `dev-clean`.

    Raises:
        UserError: a file of texts that cannot be read (`read_text`).
    """
    for file in sorted(folder.rglob(f"*{ENDING}")):
        subsets = [part.partition("-")[0] for part in file.relative_to(folder).parts[:-1]]
        split = next((SPLIT_NAMES[name] for name in subsets if name in SPLIT_NAMES), "train")
        for number, line in enumerate(lines_of(read_text(file, config)), start=1):
            if not line.strip():
                continue
            name, text = (*line.split(maxsplit=1), "")[:2]
            where = f"{file}:{number}"
            yield FoundRecording(
                where=where,
                text=text.strip(),
                speaker=name.partition("-")[0],
                split=split,
                read=partial(read_named, name, [file.parent], where, config.max_seconds),
            )
