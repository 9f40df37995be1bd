"""Folders of Kaldi: `wav.scp`, `text`, and optionally `utt2spk` and `segments`."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import Reader, read_named, refusing
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SOUNDS, TEXTS, SPEAKERS, SEGMENTS = "wav.scp", "text", "utt2spk", "segments"


class _Entry(NamedTuple):
    """What stands behind the name at the beginning of a line, and where."""

    value: str
    where: str


def is_kaldi(folder: Path) -> bool:
    """Whether a folder has recordings and texts of Kaldi."""
    return (folder / SOUNDS).is_file() and (folder / TEXTS).is_file()


def list_kaldi(folder: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    """The utterances of a folder, in the order of its `text`.

    Files are named as seen from this folder or, as Kaldi does, from the current one. Where there are
    `segments`, an utterance lies between two times of a recording. Commands in `wav.scp`, which end with
    `|`, are not run.

    Raises:
        UserError: a file that cannot be read (`read_text`), or a name twice in one.
    """
    texts, sounds = (_entries(folder / name, config) for name in (TEXTS, SOUNDS))
    speakers, segments = (
        _entries(folder / name, config) if (folder / name).is_file() else {}
        for name in (SPEAKERS, SEGMENTS)
    )
    if without_text := sounds.keys() - texts.keys() if not segments else ():
        log.warning("%s: %d recordings without a text are not used", folder, len(without_text))
    for name, text in texts.items():
        speaker = speakers[name].value if name in speakers else None
        try:
            read = _reader(folder, name, text.where, sounds, segments, config.max_seconds)
        except UserError as error:
            read = refusing(str(error))
        yield FoundRecording(text.where, text.value, speaker or None, "train", read)


def _reader(
    folder: Path,
    name: str,
    where: str,
    sounds: dict[str, _Entry],
    segments: dict[str, _Entry],
    max_seconds: float,
) -> Reader:
    recording, start, end = name, "", ""
    if segments:
        if name not in segments:
            raise UserError(f"{where}: '{name}' is not in {SEGMENTS}")
        where = segments[name].where
        values = segments[name].value.split()
        if len(values) != 3:
            raise UserError(f"{where}: expected an utterance, a recording, its start and its end")
        recording, start, end = values
    if recording not in sounds:
        raise UserError(f"{where}: '{recording}' is not in {SOUNDS}")
    file, scp = sounds[recording]
    if file.endswith("|"):
        raise UserError(f"{scp}: a command ({file:.40}), which is not run: name a file")
    return partial(read_named, file, [folder, Path()], where, max_seconds, start, end)


def _entries(file: Path, config: SpeechSourceConfig) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for number, line in enumerate(lines_of(read_text(file, config)), start=1):
        if not line.strip():
            continue
        name, value = (*line.split(maxsplit=1), "")[:2]
        if name in entries:
            raise UserError(f"{file}:{number}: '{name:.40}' stands here twice: keep one of them")
        entries[name] = _Entry(value.strip(), f"{file}:{number}")
    return entries
