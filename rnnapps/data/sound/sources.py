"""From `--data` to sound clips in train, validation and test splits."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.columns import rows_in_memory
from rnnapps.data.sound.clip import SoundClip
from rnnapps.data.sound.common_voice import is_common_voice, list_clips
from rnnapps.data.sound.files import decode, sound_problem, to_mono
from rnnapps.data.sound.folders import LISTS, NOISE, SILENCE, list_noise, list_words
from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import list_pieces, read_given, read_good, read_scaled, read_splits
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.splits import SPLITS, Shares, divide
from rnnapps.data.tfds import PREFIX, PreparedSet
from rnnapps.data.values import name_of
from rnnapps.errors import UserError

SHARES = Shares(test=0.1, validation=0.1)
OFFICIAL_TEST_TAKES = 5  # of each speaker and word, of the embedded data: the first
NOISE_SHARES = {  # of each recording's time
    "train": (0.0, 0.8),
    "validation": (0.8, 0.9),
    "test": (0.9, 1.0),
}
NOISE_SECONDS = (10.0, 3600.0)  # of one recording: less gives splits of no use, more fills the memory
COLUMNS = ("sound", "word")  # of clips in memory; a column `speaker` is optional


def read_clips(
    config: SoundSourceConfig, embedded: Path, examples: Any = None, to_score: bool = False
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
        to_score: whether the clips are to score a network, for which those of one word or of one speaker
            are enough.

    Returns:
        The clips, resampled to `config.sampling_rate`, with the mean of their channels.

    Raises:
        UserError: see `list_words`, `list_clips`, `PreparedSet` and `rows_in_memory`; also a speaker who
            is not there, fewer than two words (noise that is there too makes `_silence_` one) or too few
            speakers to fill every split, and a
            clip that cannot be read (`decode`), is bad (`sound_problem`), or has no sample but zeros and
            a word that is not `_silence_` (left out with `--skip-bad`). A clipped one is counted and
            stays.
    """
    given = read_splits(
        _recordings(config, embedded, examples),
        config.data,
        config.skip_bad,
        partial(_problem, config, config.max_seconds),
        partial(_clip, config.sampling_rate),
    )
    words = {clip.word for clips in given.values() for clip in clips}
    if len(words) == 1 and not to_score and not list_noise(Path(config.data)):
        raise UserError(f"{config.data}: only the word '{words.pop()}': two or more are needed")
    clips = divide(
        given,
        lambda clip: [clip.content],
        "clips",
        SHARES,
        lambda clips: [clip.group for clip in clips],
    )
    if not to_score:
        _check_speakers(clips, config.data)
    return clips


def _check_speakers(clips: dict[str, list[SoundClip]], source: str) -> None:
    """Refuse clips of too few speakers to fill every split: more clips of the same would not help."""
    speakers = sorted({clip.speaker for some in clips.values() for clip in some if clip.speaker})
    empty = [split for split in SPLITS if not clips[split]]
    if empty and 0 < len(speakers) < len(SPLITS):
        raise UserError(
            f"{source}: too few speakers ({', '.join(speakers)}): none is left for the "
            f"{empty[0]} split, as no speaker is in two: record more speakers, or divide the clips by "
            f"{' and '.join(LISTS.values())}"
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
        FoundRecording(str(file), NOISE, None, "train", partial(_decode_noise, file))
        for file in list_noise(folder)
    )
    noise: dict[str, list[SoundClip]] = {split: [] for split in SPLITS}
    for recording, samples, rate in read_good(
        recordings, f"{folder / NOISE}", config.skip_bad, partial(_problem, config, None)
    ):
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


def _recordings(config: SoundSourceConfig, embedded: Path, examples: Any) -> Iterator[FoundRecording]:
    if examples is not None:
        return _memory(config, examples)
    if config.data == "embedded":
        return _embedded(embedded, config.held_out)
    if config.held_out is not None:
        raise UserError(f"{config.data}: --held-out is for the embedded data: drop it")
    if config.data.startswith(PREFIX):
        return _tfds(config)
    return _folder(Path(config.data), config)


def _memory(config: SoundSourceConfig, examples: Any) -> Iterator[FoundRecording]:
    for split, rows in rows_in_memory(examples).items():
        if missing := [name for name in COLUMNS if name not in rows[0].fields]:
            raise UserError(
                f"{rows[0].where}: no column '{missing[0]}': expected {' and '.join(COLUMNS)}"
            )
        for row in rows:
            names = {name: row.fields.get(name, "") for name in ("word", "speaker")}
            word, speaker = (name_of(value) for value in names.values())
            read = partial(
                read_given,
                *(row.fields["sound"], names, row.where, config.sampling_rate, config.max_seconds),
            )
            yield FoundRecording(row.where, word, speaker or None, split, read, group=speaker or None)


def _embedded(folder: Path, held_out: str | None) -> Iterator[FoundRecording]:
    pieces = list(list_pieces(folder / "clips.csv"))
    speakers = sorted({row.fields["speaker"] for row, _ in pieces})
    if held_out is not None and held_out not in speakers:
        raise UserError(
            f"embedded: no speaker '{held_out}': it has {', '.join(speakers)}: choose with --held-out"
        )
    for row, read in pieces:
        word, speaker, take = row.fields["word"], row.fields["speaker"], int(row.fields["take"])
        is_test = take < OFFICIAL_TEST_TAKES if held_out is None else speaker == held_out
        yield FoundRecording(
            where=f"{row.fields['file']}: {word}, take {take}",
            text=word,
            speaker=speaker,
            split="test" if is_test else "train",
            read=read,
            group=f"{speaker}_{take}",
        )


def _tfds(config: SoundSourceConfig) -> Iterator[FoundRecording]:
    prepared = PreparedSet(config, ("audio", "label"), ": sound clips with their words are needed")
    rate = getattr(prepared.features["audio"], "sample_rate", None)
    if not rate:
        raise UserError(f"{config.data}: it does not say its sampling rate: give its files as a folder")
    for theirs, ours in prepared.splits():
        for number, row in enumerate(prepared.examples(theirs)):
            value, read = prepared.value("label", row["label"]), partial(read_scaled, row["audio"], rate)
            yield FoundRecording(prepared.where(theirs, number), name_of(value), None, ours, read)


def _folder(folder: Path, config: SoundSourceConfig) -> Iterator[FoundRecording]:
    list_sounds = list_clips if is_common_voice(folder) else list_words
    for sound in list_sounds(folder, config.skip_bad):
        yield FoundRecording(
            where=str(sound.file),
            text=sound.word,
            speaker=sound.speaker,
            split=sound.split,
            read=partial(decode, sound.file, config.max_seconds),
            group=sound.speaker,
            file=sound.file,
        )


def _problem(
    config: SoundSourceConfig,
    max_seconds: float | None,
    recording: FoundRecording,
    samples: np.ndarray,
    rate: int,
) -> str | None:
    """What is wrong with a recording, or None."""
    silent = recording.text in (SILENCE, NOISE)
    problem = sound_problem(samples, rate, config.sampling_rate, max_seconds, silent)
    return problem or (None if recording.text else "no word")


def _clip(sampling_rate: int, recording: FoundRecording, samples: np.ndarray, rate: int) -> SoundClip:
    """A good clip.

    Neither its group nor its content may depend on the sampling rate that is asked for, and the group,
    which decides on the split, not on the decoder of a lossy format.
    """
    content = hashlib.sha256(samples.tobytes()).hexdigest()
    group = recording.group
    if group is None and recording.file is not None:
        group = hashlib.sha256(recording.file.read_bytes()).hexdigest()
    if not samples.any():
        content = recording.where  # one silence tells nothing of another
    return SoundClip(
        samples=to_mono(samples, rate, sampling_rate),
        word=recording.text,
        speaker=recording.speaker,
        where=recording.where,
        group=group or content,
        content=content,
    )
