"""From `--data` to sound clips in train, validation and test splits."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.columns import rows_in_memory
from rnnapps.data.sound.clip import SoundClip
from rnnapps.data.sound.common_voice import is_common_voice, list_clips
from rnnapps.data.sound.files import check_samples, decode, is_clipped, sound_problem, to_mono
from rnnapps.data.sound.folders import NOISE, SILENCE, list_noise, list_words
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.splits import SPLITS, Shares, divide
from rnnapps.data.tables import read_table
from rnnapps.data.tfds import PREFIX, PreparedSet
from rnnapps.data.values import name_of, name_problem
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SHARES = Shares(test=0.1, validation=0.1)
OFFICIAL_TEST_TAKES = 5  # of each speaker and word, of the embedded data: the first
NOISE_SHARES = {  # of each recording's time
    "train": (0.0, 0.8),
    "validation": (0.8, 0.9),
    "test": (0.9, 1.0),
}
NOISE_SECONDS = (10.0, 3600.0)  # of one recording: less gives splits of no use, more fills the memory
COLUMNS = ("sound", "word")  # of clips in memory; a column `speaker` is optional


@dataclass(frozen=True, slots=True)
class _Recording:
    """A clip before it is checked.

    Attributes:
        where: the file, or the place in it.
        word: what is said.
        speaker: who says it, if the source tells.
        split: that of the source; "train" where it has none.
        read: gives floats `(time,)` or `(time, channels)` and their sampling rate in Hz.
        group: what must not be divided between splits; without one the clip stands for itself.
        file: the file that has nothing but this clip, if there is one.
    """

    where: str
    word: str
    speaker: str | None
    split: str
    read: Callable[[], tuple[np.ndarray, int]]
    group: str | None = None
    file: Path | None = None


def read_clips(
    config: SoundSourceConfig, embedded: Path, examples: Any = None, one_word: bool = False
) -> dict[str, list[SoundClip]]:
    """Read a source of sound clips and divide it into the splits "train", "validation" and "test".

    - The embedded data: the test split is the official one, takes 0 to 4, or all clips of the speaker
      `held_out`; the validation split is a tenth of the other takes, by the fixed hash of speaker and
      take. Validation therefore has the training's speakers, and no clip of the test split.
    - TensorFlow Datasets and folders keep the splits that they have. One that is missing is a tenth of
      the training clips, by the fixed hash of the speaker, or of the file's bytes or the clip's samples
      where the source does not name one. A folder's words and speakers: see
      `rnnapps.data.sound.folders.list_words` and `rnnapps.data.sound.common_voice.list_clips`.
    - In memory: the columns `sound` (files, or floats `(time,)` at `config.sampling_rate`), `word`, and
      optionally `speaker`.

    A clip that stands in several splits, sample for sample, stays in the last one only. All clips of a
    source are held in memory: an hour at 16,000 Hz takes 230 MB.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for, with `clips.csv`.
        examples: instead of a source, columns in memory.
        one_word: whether clips of one word are enough, as they are to score a network.

    Returns:
        The clips, resampled to `config.sampling_rate`, with the mean of their channels.

    Raises:
        UserError: see `list_words`, `list_clips`, `PreparedSet` and `rows_in_memory`; also a speaker who
            is not there, fewer than two words (noise that is there too makes `_silence_` one), and a
            clip that cannot be read (`decode`), is bad (`sound_problem`), or has no sample but zeros and
            a word that is not `_silence_` (left out with `--skip-bad`). A clipped one is counted and
            stays.
    """
    given: dict[str, list[SoundClip]] = {}

    def noted() -> Iterator[_Recording]:
        for recording in _recordings(config, embedded, examples):
            given.setdefault(recording.split, [])  # of bad clips too: no other may stand in for them
            yield recording

    for split, clip in _clips(noted(), config):
        given[split].append(clip)
    words = {clip.word for clips in given.values() for clip in clips}
    if len(words) == 1 and not one_word and not list_noise(Path(config.data)):
        raise UserError(f"{config.data}: only the word '{words.pop()}': two or more are needed")
    return divide(
        given,
        lambda clip: [clip.content],
        "clips",
        SHARES,
        lambda clips: [clip.group for clip in clips],
    )


def read_noise(folder: Path, config: SoundSourceConfig) -> dict[str, list[SoundClip]]:
    """Read the recordings in the `_background_noise_` of a folder, if it has one.

    Each is divided in time: its first 80 % are for training, the next 10 % for validation, the last
    10 % for test, so that a model is never tested with noise that it has heard. They are divided
    before they are resampled, whose filter would carry some milliseconds over.

    Returns:
        For each split a clip of each recording, with the word `_background_noise_`.

    Raises:
        UserError: a recording that cannot be read, is bad (`sound_problem`), or is shorter than 10 s or
            longer than an hour (left out with `--skip-bad`).
    """
    recordings = (
        _Recording(str(file), NOISE, None, "train", partial(_decode_noise, file))
        for file in list_noise(folder)
    )
    noise: dict[str, list[SoundClip]] = {split: [] for split in SPLITS}
    for recording, samples, rate in _good(recordings, f"{folder / NOISE}", config, max_seconds=None):
        for split, shares in NOISE_SHARES.items():
            start, end = (int(share * len(samples)) for share in shares)
            where = f"{recording.where}: {start / rate:.1f} to {end / rate:.1f} s"
            mono = to_mono(samples[start:end], rate, config.sampling_rate)
            noise[split].append(SoundClip(mono, NOISE, None, where))
    return noise


def _decode_noise(file: Path) -> tuple[np.ndarray, int]:
    shortest, longest = NOISE_SECONDS
    samples, rate = decode(file, longest)
    if not shortest * rate <= len(samples) <= longest * rate:
        raise UserError(f"{file}: noise shorter than {shortest:g} s or longer than {longest:,g} s")
    return samples, rate


def _recordings(config: SoundSourceConfig, embedded: Path, examples: Any) -> Iterator[_Recording]:
    if examples is not None:
        return _memory(config, examples)
    if config.data == "embedded":
        return _embedded(embedded, config.held_out)
    if config.held_out is not None:
        raise UserError(f"{config.data}: --held-out is for the embedded data: drop it")
    if config.data.startswith(PREFIX):
        return _tfds(config)
    return _folder(Path(config.data), config)


def _memory(config: SoundSourceConfig, examples: Any) -> Iterator[_Recording]:
    for split, rows in rows_in_memory(examples).items():
        if missing := [name for name in COLUMNS if name not in rows[0].fields]:
            raise UserError(
                f"{rows[0].where}: no column '{missing[0]}': expected {' and '.join(COLUMNS)}"
            )
        for row in rows:
            names = {name: row.fields.get(name, "") for name in ("word", "speaker")}
            word, speaker = (name_of(value) for value in names.values())
            read = partial(_read_given, row.fields["sound"], names, row.where, config)
            yield _Recording(row.where, word, speaker or None, split, read, group=speaker or None)


def _read_given(
    sound: Any, names: dict[str, Any], where: str, config: SoundSourceConfig
) -> tuple[np.ndarray, int]:
    """The samples of a file, or samples that are there already; with the names that they have."""
    for column, value in names.items():
        if problem := name_problem(value):
            raise UserError(f"{where}: '{column}': {problem}")
    if isinstance(sound, (str, Path)):
        if not str(sound).strip():
            raise UserError(f"{where}: no sound")
        return decode(Path(sound), config.max_seconds)
    return check_samples(sound, where), config.sampling_rate


def _embedded(folder: Path, held_out: str | None) -> Iterator[_Recording]:
    rows = [row.fields for row in read_table(folder / "clips.csv")]
    speakers = sorted({row["speaker"] for row in rows})
    if held_out is not None and held_out not in speakers:
        raise UserError(
            f"embedded: no speaker '{held_out}': it has {', '.join(speakers)}: choose with --held-out"
        )
    sounds = {name: decode(folder / name) for name in sorted({row["file"] for row in rows})}

    def samples_of(row: dict[str, str]) -> tuple[np.ndarray, int]:
        samples, rate = sounds[row["file"]]
        start = int(row["start"])
        return samples[start : start + int(row["length"])], rate

    for row in rows:
        speaker, take = row["speaker"], int(row["take"])
        is_test = take < OFFICIAL_TEST_TAKES if held_out is None else speaker == held_out
        yield _Recording(
            where=f"{row['file']}: {row['word']}, take {take}",
            word=row["word"],
            speaker=speaker,
            split="test" if is_test else "train",
            read=partial(samples_of, row),
            group=f"{speaker}_{take}",
        )


def _tfds(config: SoundSourceConfig) -> Iterator[_Recording]:
    """Integers are taken as 16 bits, which TensorFlow Datasets keeps in types of up to 64."""
    prepared = PreparedSet(config, ("audio", "label"), ": sound clips with their words are needed")
    rate = getattr(prepared.features["audio"], "sample_rate", None)
    if not rate:
        raise UserError(f"{config.data}: it does not say its sampling rate: give its files as a folder")
    for theirs, ours in prepared.splits():
        for number, row in enumerate(prepared.examples(theirs)):
            value, read = prepared.value("label", row["label"]), partial(_scaled, row["audio"], rate)
            yield _Recording(prepared.where(theirs, number), name_of(value), None, ours, read)


def _scaled(samples: Any, rate: int) -> tuple[np.ndarray, int]:
    """The samples as floats, and their rate."""
    samples = np.asarray(samples)
    scale = np.float32(32768 if samples.dtype.kind == "i" else 1)
    return samples.astype("float32") / scale, rate


def _folder(folder: Path, config: SoundSourceConfig) -> Iterator[_Recording]:
    list_sounds = list_clips if is_common_voice(folder) else list_words
    for sound in list_sounds(folder, config.skip_bad):
        yield _Recording(
            where=str(sound.file),
            word=sound.word,
            speaker=sound.speaker,
            split=sound.split,
            read=partial(decode, sound.file, config.max_seconds),
            group=sound.speaker,
            file=sound.file,
        )


def _good(
    recordings: Iterable[_Recording],
    source: str,
    config: SoundSourceConfig,
    max_seconds: float | None,
) -> Iterator[tuple[_Recording, np.ndarray, int]]:
    """The recordings with which there is no problem, their samples as they are, and their rate in Hz."""
    bad = BadRows(source, "clips", config.skip_bad)
    good = clipped = 0
    for recording in recordings:
        try:
            samples, rate = recording.read()
            silent = recording.word in (SILENCE, NOISE)
            problem = sound_problem(samples, rate, config.sampling_rate, max_seconds, silent)
            if problem is None and not recording.word:
                problem = "no word"
            if problem is not None:
                raise UserError(f"{recording.where}: {problem}")
        except UserError as error:
            bad.add(str(error))
            continue
        good += 1
        clipped += is_clipped(samples)
        yield recording, samples, rate
    bad.report(good)
    if clipped:
        log.warning("%s: %d clips were recorded too loud (clipped); they are used", source, clipped)


def _clips(
    recordings: Iterable[_Recording], config: SoundSourceConfig
) -> Iterator[tuple[str, SoundClip]]:
    """The split of each good clip, and the clip.

    Neither its group nor its content may depend on the sampling rate that is asked for, and the group,
    which decides on the split, not on the decoder of a lossy format.
    """
    for recording, samples, rate in _good(recordings, config.data, config, config.max_seconds):
        content = hashlib.sha256(samples.tobytes()).hexdigest()
        group = recording.group
        if group is None and recording.file is not None:
            group = hashlib.sha256(recording.file.read_bytes()).hexdigest()
        if not samples.any():
            content = recording.where  # one silence tells nothing of another
        mono = to_mono(samples, rate, config.sampling_rate)
        yield (
            recording.split,
            SoundClip(
                mono, recording.word, recording.speaker, recording.where, group or content, content
            ),
        )
