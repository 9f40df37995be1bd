"""Clips in, samples of one length and classes out."""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from rnnapps import datasets
from rnnapps.data.sound_augmentation import SoundAugmentation
from rnnapps.data.sound_batches import SoundBatches
from rnnapps.data.sound_clip import SoundClip
from rnnapps.data.sound_folders import SILENCE, UNKNOWN
from rnnapps.data.sound_sources import PARTS, read_clips, read_noise
from rnnapps.errors import UserError
from rnnapps.keywords.config import ClipConfig, KeywordsConfig

log = logging.getLogger(__name__)

EMBEDDED = datasets.path("digits")


@dataclass(frozen=True)
class Examples:
    """Clips, each float32 `(time,)`, with their class numbers, int `(rows,)`."""

    clips: list[np.ndarray]
    classes: np.ndarray

    def digest(self) -> str:
        """A fingerprint of clips and classes, by which a bundle knows the rows it was scored on."""
        digest = hashlib.sha256(self.classes.astype("int64").tobytes())
        for clip in self.clips:
            digest.update(np.ascontiguousarray(clip).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Data:
    """The parts "train", "valid" and "test" of a source, and the names of the classes, sorted.

    `noise` are the sounds without a word of each part, floats `(time,)`: background noise, or else the
    clips of `_silence_`. Those of the training part are mixed into its clips.
    """

    examples: dict[str, Examples]
    labels: tuple[str, ...]
    noise: dict[str, list[np.ndarray]]


def load(config: KeywordsConfig, labels: tuple[str, ...] | None = None) -> Data:
    """Load a source of clips.

    Args:
        config: the source, the length of clips, the words.
        labels: the classes, if they are known: those of a bundle.

    Raises:
        UserError: a bad clip or file (see `rnnapps.data.sound_sources.read_clips`), fewer than two
            classes, a target word or a word of a held-out part that no training clip has.
    """
    clips = read_clips(config.source, EMBEDDED)
    recordings = _read_noise(config)
    has_silence = any(clip.word == SILENCE for part in clips.values() for clip in part)
    if not has_silence and (labels is None or SILENCE in labels):
        _add_silence(clips, recordings, config)
    words = {part: [_class(clip.word, config.clips, labels) for clip in clips[part]] for part in PARTS}
    if labels is None:
        labels = _labels(words["train"], config)
    examples = {part: _examples(part, clips[part], words[part], labels, config) for part in PARTS}
    for name in (SILENCE, UNKNOWN):
        if name not in labels:
            log.info("%s: no class %s: any sound is taken for a word", config.source.data, name)
    noise = {
        part: recordings[part] or [clip.samples for clip in clips[part] if clip.word == SILENCE]
        for part in PARTS
    }
    return Data(examples, labels, noise)


def part_of(data: Data, part: str) -> Examples:
    """The examples of one part, or of "all"."""
    if part != "all":
        return data.examples[part]
    parts = [data.examples[name] for name in PARTS]
    clips = list(chain.from_iterable(examples.clips for examples in parts))
    return Examples(clips, np.concatenate([examples.classes for examples in parts]))


def length(config: KeywordsConfig) -> int:
    """Samples that the network reads of a clip."""
    return round(config.clips.seconds * config.source.sampling_rate)


def make_batches(config: KeywordsConfig, data: Data) -> tuple[SoundBatches, SoundBatches]:
    """The training and validation clips as batches of `(samples, targets)`."""
    train, valid, size = data.examples["train"], data.examples["valid"], length(config)
    seed, rows = config.training.seed, config.training.batch_size
    augmentation = SoundAugmentation(
        config.augmentation, config.source.sampling_rate, size, data.noise["train"], seed
    )
    one_hot = np.eye(len(data.labels), dtype="float32")
    return (
        SoundBatches(train.clips, one_hot[train.classes], rows, size, seed, augmentation),
        SoundBatches(valid.clips, one_hot[valid.classes], rows, size),
    )


def _read_noise(config: KeywordsConfig) -> dict[str, list[np.ndarray]]:
    folder = Path(config.source.data)
    if config.source.data == "embedded" or not folder.is_dir():
        return {part: [] for part in PARTS}
    noise = read_noise(folder, config.source)
    return {part: [clip.samples for clip in noise[part]] for part in PARTS}


def _add_silence(
    clips: dict[str, list[SoundClip]], noise: dict[str, list[np.ndarray]], config: KeywordsConfig
) -> None:
    """Add clips of `_silence_` to each part, of its own part of the noise."""
    size = length(config)
    for number, part in enumerate(PARTS):
        sounds = [sound for sound in noise[part] if len(sound) >= size]
        wanted = round(config.clips.silence_ratio * _per_word(clips[part], config.clips))
        if not sounds or not wanted:
            continue
        random = np.random.default_rng(number)  # the same for every seed of the training
        for index in range(wanted):
            sound = sounds[random.integers(len(sounds))]
            start = int(random.integers(len(sound) - size + 1))
            where = f"{SILENCE} {index + 1} of the {part} part"
            clips[part].append(SoundClip(sound[start : start + size], SILENCE, None, where))


def _per_word(clips: Sequence[SoundClip], config: ClipConfig) -> float:
    """Clips of a target word, on average."""
    counts = Counter(_class(clip.word, config, None) for clip in clips)
    counts = [count for word, count in counts.items() if word not in (SILENCE, UNKNOWN)]
    return sum(counts) / len(counts) if counts else 0.0


def _class(word: str, config: ClipConfig, labels: tuple[str, ...] | None) -> str:
    """The class of what is said."""
    targets = config.target_words() if labels is None else labels
    if word == SILENCE or not targets or word in targets:
        return word
    return UNKNOWN if labels is None or UNKNOWN in labels else word


def _labels(words: Sequence[str], config: KeywordsConfig) -> tuple[str, ...]:
    labels = tuple(sorted(set(words)))
    if absent := [word for word in config.clips.target_words() if word not in labels]:
        raise UserError(
            f"{config.source.data}: no training clip of '{absent[0]}': choose among its words (--words)"
        )
    if len(labels) < 2:
        raise UserError(f"{config.source.data}: only the word '{labels[0]}': two or more are needed")
    return labels


def _examples(
    part: str,
    clips: Sequence[SoundClip],
    words: Sequence[str],
    labels: tuple[str, ...],
    config: KeywordsConfig,
) -> Examples:
    numbers = {label: number for number, label in enumerate(labels)}
    for clip, word in zip(clips, words, strict=True):
        if word not in numbers:
            raise UserError(
                f"{clip.where}: the word '{word}' of the {part} part is none of {', '.join(labels)}"
            )
    left_out = set()
    limit = round(config.clips.unknown_ratio * _per_word(clips, config.clips))
    unknown = [number for number, word in enumerate(words) if word == UNKNOWN]
    if config.clips.unknown_ratio and 0 < limit < len(unknown):
        # By content, so that neither a seed nor the place of the files chooses.
        unknown.sort(key=lambda number: hashlib.sha256(clips[number].samples.tobytes()).digest())
        left_out = set(unknown[limit:])
        log.info(
            "%d of %d %s clips of other words left out (--unknown-ratio)",
            *(len(left_out), len(unknown), part),
        )
    kept = [number for number in range(len(clips)) if number not in left_out]
    return Examples(
        [clips[number].samples for number in kept],
        np.array([numbers[words[number]] for number in kept]),
    )
