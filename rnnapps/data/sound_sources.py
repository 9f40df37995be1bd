"""From `--data` to sound clips in train, valid and test parts."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from rnnapps.data.bad_examples import BadExamples
from rnnapps.data.sound_clip import SoundClip
from rnnapps.data.sound_files import decode, is_clipped, sound_problem, to_mono
from rnnapps.data.sound_folders import NOISE, SILENCE, list_noise, list_words
from rnnapps.data.sound_source_config import SoundSourceConfig
from rnnapps.data.splits import leave_out_copies, split_of
from rnnapps.data.tables import read_table
from rnnapps.data.tfds_source import read_tfds_sounds
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

PARTS = ("train", "valid", "test")
LENT = {"test": 0.1, "valid": 0.1}  # of the training clips, to a part that is missing
OFFICIAL_TEST_TAKES = 5  # of each speaker and word, of the embedded data: the first
NOISE_PARTS = {"train": (0.0, 0.8), "valid": (0.8, 0.9), "test": (0.9, 1.0)}  # of each recording's time
NOISE_SECONDS = (10.0, 3600.0)  # of one recording: less gives parts of no use, more fills the memory


@dataclass(frozen=True, slots=True)
class _Recording:
    """A clip before it is checked.

    Attributes:
        where: the file, or the place in it.
        word: what is said.
        speaker: who says it, if the source tells.
        part: the part that the source gives it to; without one it may train.
        read: gives floats `(time,)` or `(time, channels)` and their sampling rate in Hz.
        group: what must not be divided between parts; without one the clip stands for itself.
        file: the file that has nothing but this clip, if there is one.
    """

    where: str
    word: str
    speaker: str | None
    part: str | None
    read: Callable[[], tuple[np.ndarray, int]]
    group: str | None = None
    file: Path | None = None


def read_clips(config: SoundSourceConfig, embedded: Path) -> dict[str, list[SoundClip]]:
    """Read a source of sound clips and divide it into the parts "train", "valid" and "test".

    - The embedded data: the test part is the official one, takes 0 to 4, or all clips of the speaker
      `held_out`; the validation part is a tenth of the other takes, by the fixed hash of speaker and
      take. Validation therefore has the training's speakers, and no clip of the test part.
    - TensorFlow Datasets and folders keep the parts that they come in. A part that is missing is a
      tenth of the training clips, by the fixed hash of the speaker, or of the file's bytes or the
      clip's samples where the source does not name one. A folder's words and speakers: see
      `rnnapps.data.sound_folders.list_words`.

    A clip that stands in several parts, sample for sample, stays in the last of train, valid, test
    only. All clips of a source are held in memory: an hour at 16,000 Hz takes 230 MB.

    Args:
        config: what to read.
        embedded: the folder that `--data embedded` stands for, with `clips.csv`.

    Returns:
        The clips, resampled to `config.sampling_rate`, with the mean of their channels.

    Raises:
        UserError: see `list_words` and `read_tfds_sounds`; also a speaker that is not there, a part
            without a clip, and a clip that cannot be read (`decode`), is bad (`sound_problem`), or
            has no sample but zeros and a word that is not `_silence_` (with `--skip-bad-clips` such
            clips are named, counted and left out). A clipped one is counted and stays.
    """
    given: set[str | None] = set()  # with the parts of bad clips: no other clip may stand in for them

    def noted() -> Iterator[_Recording]:
        for recording in _recordings(config, embedded):
            given.add(recording.part)
            yield recording

    keyed = list(_keyed(noted(), config))
    parts = _divided(keyed, {part: 0.0 if part in given else share for part, share in LENT.items()})
    for part, clips in parts.items():
        if not clips:
            raise UserError(
                f"{config.data}: no clip is left for the {part} part: more clips are needed, or lists "
                f"of the parts (validation_list.txt and testing_list.txt)"
            )
    log.info("%s: %s clips", config.data, ", ".join(f"{len(parts[part])} {part}" for part in PARTS))
    return parts


def read_noise(folder: Path, config: SoundSourceConfig) -> dict[str, list[SoundClip]]:
    """Read the recordings in the `_background_noise_` of a folder, if it has one.

    Each is divided in time: its first 80 % are for training, the next 10 % for validation, the last
    10 % for test, so that a model is never tested with noise that it has heard. They are divided
    before they are resampled, whose filter would carry some milliseconds over.

    Returns:
        For each part a clip of each recording, with the word `_background_noise_`.

    Raises:
        UserError: a recording that cannot be read, is bad (`sound_problem`), or is shorter than 10 s or
            longer than an hour (named, counted and left out with `--skip-bad-clips`).
    """
    recordings = (
        _Recording(str(file), NOISE, None, None, partial(_decode_noise, file))
        for file in list_noise(folder)
    )
    noise: dict[str, list[SoundClip]] = {part: [] for part in PARTS}
    for recording, samples, rate in _good(recordings, f"{folder / NOISE}", config, max_seconds=None):
        for part, shares in NOISE_PARTS.items():
            start, end = (int(share * len(samples)) for share in shares)
            where = f"{recording.where}: {start / rate:.1f} to {end / rate:.1f} s"
            mono = to_mono(samples[start:end], rate, config.sampling_rate)
            noise[part].append(SoundClip(mono, NOISE, None, where))
    return noise


def _decode_noise(file: Path) -> tuple[np.ndarray, int]:
    shortest, longest = NOISE_SECONDS
    samples, rate = decode(file, longest)
    if not shortest * rate <= len(samples) <= longest * rate:
        raise UserError(f"{file}: noise shorter than {shortest:g} s or longer than {longest:,g} s")
    return samples, rate


def _recordings(config: SoundSourceConfig, embedded: Path) -> Iterator[_Recording]:
    if config.data == "embedded":
        return _embedded(embedded, config.held_out)
    if config.held_out is not None:
        raise UserError(f"{config.data}: --held-out is for the embedded data: drop it")
    if config.data.startswith("tfds:"):
        return _tfds(config)
    return _folder(Path(config.data), config)


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
            part="test" if is_test else None,
            read=partial(samples_of, row),
            group=f"{speaker}_{take}",
        )


def _tfds(config: SoundSourceConfig) -> Iterator[_Recording]:
    for part, where, word, samples, rate in read_tfds_sounds(config):
        given = None if part == "train" else part
        yield _Recording(where, word, None, given, lambda sound=(samples, rate): sound)


def _folder(folder: Path, config: SoundSourceConfig) -> Iterator[_Recording]:
    for sound in list_words(folder, config.skip_bad_clips):
        yield _Recording(
            where=str(sound.file),
            word=sound.word,
            speaker=sound.speaker,
            part=sound.part,
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
    bad = BadExamples(source, "clips", "--skip-bad-clips", config.skip_bad_clips)
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


def _keyed(
    recordings: Iterable[_Recording], config: SoundSourceConfig
) -> Iterator[tuple[str | None, str, str, SoundClip]]:
    """The given part, the group and the content of each good clip, and the clip.

    Neither key may depend on the sampling rate that is asked for, and the group, which decides on the
    part, not on the decoder of a lossy format.
    """
    for recording, samples, rate in _good(recordings, config.data, config, config.max_seconds):
        content = hashlib.sha256(samples.tobytes()).hexdigest()
        group = recording.group
        if group is None and recording.file is not None:
            group = hashlib.sha256(recording.file.read_bytes()).hexdigest()
        if not samples.any():
            content = recording.where  # one silence tells nothing of another
        mono = to_mono(samples, rate, config.sampling_rate)
        clip = SoundClip(mono, recording.word, recording.speaker, recording.where)
        yield recording.part, group or content, content, clip


def _divided(
    clips: list[tuple[str | None, str, str, SoundClip]], shares: dict[str, float]
) -> dict[str, list[SoundClip]]:
    """Put the clips into train, valid and test parts; one that stands in several stays in the last.

    Args:
        clips: as `_keyed` gives them.
        shares: of the clips without a part, what goes to "valid" and "test" by the hash of the group.
    """
    parts: dict[str, list[tuple[list[str], SoundClip]]] = {part: [] for part in PARTS}
    for part, group, content, clip in clips:
        parts[part or split_of(group, shares["test"], shares["valid"])].append(([content], clip))
    return leave_out_copies(parts, "%d %s clips left out: the same stand in a held-out part too")
