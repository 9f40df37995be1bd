"""Recordings with their texts, in the forms in which people have them."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from rnnapps.data.file_tables import file_rows
from rnnapps.data.sound.common_voice import is_common_voice, list_clips
from rnnapps.data.sound.files import SUFFIXES, decode
from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.kaldi import is_kaldi, list_kaldi
from rnnapps.data.sound.librispeech import is_librispeech, list_librispeech
from rnnapps.data.sound.ljspeech import is_ljspeech, list_ljspeech
from rnnapps.data.sound.reading import read_named, refusing
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.splits import SPLIT_NAMES
from rnnapps.data.tables import SUFFIXES as TABLES
from rnnapps.data.tables import has_tables
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SUBFOLDERS = ("clips", "audio", "wavs", "wav")  # that the files of a table may be in
COLUMNS = (  # of file and text
    (SpeechSourceConfig.file_column, SpeechSourceConfig.text_column),
    ("wav_filename", "transcript"),  # of DeepSpeech
    ("path", "sentence"),  # of Common Voice
    ("audio_filepath", "text"),  # of NeMo
    ("file_name", "text"),  # of Hugging Face
    ("file_name", "transcription"),
    ("name", "text"),
    ("1", "2"),  # without a header
)
SPEAKERS = ("speaker", "speaker_id", "client_id")  # columns


def list_speech(path: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    """The recordings of a source of files, with their texts; neither has been looked at.

    - A table, or a folder with a single one or with those of the splits (`train.csv`, `dev.csv`): see
      COLUMNS. The files are beside it or in one of SUBFOLDERS there; their suffix may be missing.
    - A folder of Common Voice, LJSpeech, LibriSpeech or Kaldi: see `list_clips`, `list_ljspeech`,
      `list_librispeech` and `list_kaldi`.
    - A folder with `train`, `dev` and `test` (any of SPLIT_NAMES), each with one of these.

    Raises:
        UserError: nothing of this is there, or a table is malformed (`read_tables`).
    """
    folders = [(split, path / name) for name, split in SPLIT_NAMES.items() if (path / name).is_dir()]
    if not folders or has_tables(path):
        return _speech_of(path, config)
    return (
        replace(recording, split=split)
        for split, folder in folders
        for recording in _speech_of(folder, config)
    )


def _speech_of(path: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    if path.suffix.lower() in SUFFIXES:
        raise UserError(f"{path}: a recording has no text: give a table of files and texts")
    if not path.is_dir():
        return _of_table(path, path.parent, config)
    if is_common_voice(path):
        return _of_common_voice(path, config)
    if has_tables(path):
        return _of_table(path, path, config)
    if is_ljspeech(path, config):
        return list_ljspeech(path, config)
    if is_kaldi(path):
        return list_kaldi(path, config)
    visible = sorted(file for file in path.iterdir() if file.name[0] != ".")
    tables = [file for file in visible if file.suffix.lower() in TABLES]
    if len(tables) == 1:
        return _of_table(tables[0], path, config)
    if is_librispeech(path):
        return list_librispeech(path, config)
    found = f"{len(tables)} tables: name one of them" if tables else "no recordings with texts"
    raise UserError(
        f"{path}: {found}: expected a table of files and texts ({', '.join(TABLES)}), or a folder of "
        f"Common Voice, LJSpeech, LibriSpeech or Kaldi"
    )


def _of_common_voice(folder: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    for sound in list_clips(folder, one_word=False):
        read = partial(decode, sound.file, config.max_seconds)
        yield FoundRecording(str(sound.file), sound.word, sound.speaker, sound.split, read)


def _of_table(table: Path, folder: Path, config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    folders = [folder, *(folder / name for name in SUBFOLDERS if (folder / name).is_dir())]
    for row in file_rows(table, folder, config, COLUMNS, SPEAKERS, "recordings"):
        if row.problem is not None:
            yield FoundRecording(row.where, "", None, row.split, refusing(row.problem))
            continue
        yield FoundRecording(
            where=row.where,
            text=row.text,
            speaker=row.group or None,
            split=row.split,
            read=partial(
                read_named,
                *(row.file, folders, row.where, config.max_seconds),
                *(row.fields.get("start", ""), row.fields.get("end", "")),
            ),
        )
