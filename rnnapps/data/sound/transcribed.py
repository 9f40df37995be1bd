"""From `--data` to recordings with their texts in train, validation and test splits."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps.data.columns import rows_in_memory
from rnnapps.data.sound.embedded_speech import embedded_speech
from rnnapps.data.sound.files import sound_problem, to_mono
from rnnapps.data.sound.found_recording import FoundRecording
from rnnapps.data.sound.reading import read_given, read_scaled, read_splits
from rnnapps.data.sound.speech_files import SPEAKERS, list_speech
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.sound.spoken_text import SpokenText
from rnnapps.data.splits import SPLITS, Shares, content_key, divide
from rnnapps.data.text.sources import text_problem
from rnnapps.data.tfds import PREFIX, PreparedSet
from rnnapps.data.values import name_of
from rnnapps.errors import UserError

SHARES = Shares(test=0.1, validation=0.1)


def single_spaced(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def read_transcribed(
    config: SpeechSourceConfig,
    embedded: Path,
    examples: Any = None,
    form: Callable[[str], str] = single_spaced,
    problem: Callable[[float, str], str | None] = lambda seconds, text: None,
) -> dict[str, list[SpokenText]]:
    """Read a source of recordings with their texts and divide it into "train", "validation" and "test".

    A source keeps the splits that it has; one that is missing is a tenth of the training recordings, by
    the fixed hash of the speaker where there are three or more, else of the text. A recording that
    stands in several splits, sample for sample, stays in the last one only. All are held in memory: an
    hour at 16,000 Hz takes 230 MB.

    Args:
        config: what to read.
        embedded: the folder of all embedded data sets.
        examples: instead of a source, columns in memory: `sound` (files, or floats `(time,)` at
            `config.sampling_rate`), `text`, and optionally `speaker`.
        form: brings a text to the form in which it is wanted, such as a `SpokenForm`.
        problem: what else is wrong with a recording, called with its seconds and its text in that form.

    Returns:
        The recordings, resampled to `config.sampling_rate`, with the mean of their channels.

    Raises:
        UserError: see `embedded_speech`, `list_speech`, `PreparedSet` and `rows_in_memory`; also a
            recording that cannot be read (`decode`), is bad (`sound_problem`), silent or too short, or
            has no text (`text_problem`), before or in that form; left out with `--skip-bad`.
    """
    given = read_splits(
        (_formed(found, form) for found in _found(config, embedded, examples)),
        config.data,
        config.skip_bad,
        partial(_problem, config, problem),
        partial(_spoken, config.sampling_rate),
    )
    speakers = {one.speaker for some in given.values() for one in some if one.speaker}
    for some in given.values():
        some[:] = [_grouped(one, len(speakers) >= len(SPLITS)) for one in some]
    return divide(
        given,
        lambda one: [hashlib.sha256(one.samples.data).hexdigest()],
        "recordings",
        SHARES,
        lambda some: [one.group for one in some],
    )


def _found(config: SpeechSourceConfig, embedded: Path, examples: Any) -> Iterator[FoundRecording]:
    if examples is not None:
        return _memory(config, examples)
    if config.embedded is not None:
        return embedded_speech(embedded, config.embedded, config.held_out)
    if config.data.startswith(PREFIX):
        return _tfds(config)
    return list_speech(Path(config.data), config)


def _memory(config: SpeechSourceConfig, examples: Any) -> Iterator[FoundRecording]:
    for split, rows in rows_in_memory(examples).items():
        if missing := [name for name in ("sound", "text") if name not in rows[0].fields]:
            raise UserError(f"{rows[0].where}: no column '{missing[0]}': expected sound and text")
        for row in rows:
            names = {"speaker": row.fields.get("speaker", "")}
            read = partial(
                read_given,
                *(row.fields["sound"], names, row.where, config.sampling_rate, config.max_seconds),
            )
            speaker = name_of(names["speaker"]) or None
            yield FoundRecording(row.where, row.fields["text"], speaker, split, read)


def _tfds(config: SpeechSourceConfig) -> Iterator[FoundRecording]:
    prepared = PreparedSet(config, ("speech", "text"), ": recordings with their texts are needed")
    rate = getattr(prepared.features["speech"], "sample_rate", None)
    if not rate:
        raise UserError(f"{config.data}: it does not say its sampling rate: give its files as a folder")
    column = next((name for name in SPEAKERS if name in prepared.features), None)
    for theirs, ours in prepared.splits(several=True):
        for number, row in enumerate(prepared.examples(theirs)):
            speaker = name_of(prepared.value(column, row[column])) if column else ""
            yield FoundRecording(
                where=prepared.where(theirs, number),
                text=prepared.value("text", row["text"]),
                speaker=speaker or None,
                split=ours,
                read=partial(read_scaled, row["speech"], rate),
            )


def _formed(found: FoundRecording, form: Callable[[str], str]) -> FoundRecording:
    return found if text_problem(found.text) else replace(found, text=form(found.text))


def _problem(
    config: SpeechSourceConfig,
    problem: Callable[[float, str], str | None],
    found: FoundRecording,
    samples: np.ndarray,
    rate: int,
) -> str | None:
    """What is wrong with a recording, or None."""
    reason = sound_problem(samples, rate, config.sampling_rate, config.max_seconds, may_be_silent=False)
    if reason is None and len(samples) < config.min_seconds * rate:
        reason = f"shorter than {config.min_seconds:g} s (--min-seconds)"
    return reason or text_problem(found.text) or problem(len(samples) / rate, found.text)


def _spoken(sampling_rate: int, recording: FoundRecording, samples: np.ndarray, rate: int) -> SpokenText:
    return SpokenText(
        samples=np.ascontiguousarray(to_mono(samples, rate, sampling_rate)),
        text=recording.text,
        speaker=recording.speaker,
        group=recording.group or "",
        where=recording.where,
    )


def _grouped(one: SpokenText, by_speaker: bool) -> SpokenText:
    """A recording with its group, which its source may have told already."""
    speaker = one.speaker if by_speaker else None
    return replace(one, group=one.group or speaker or content_key(one.text))
