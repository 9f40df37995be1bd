"""Clips in, samples of one length and classes out."""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.sound.augmentation import SoundAugmentation
from rnnapps.data.sound.batches import SoundBatches
from rnnapps.data.sound.clip import SoundClip
from rnnapps.data.sound.folders import SILENCE, UNKNOWN
from rnnapps.data.sound.sources import read_clips, read_noise
from rnnapps.data.splits import SPLITS
from rnnapps.errors import UserError
from rnnapps.keywords.config import ClipConfig, KeywordsConfig

log = logging.getLogger(__name__)

EMBEDDED = "digits"


@dataclass(frozen=True)
class Clips(LabelledExamples):
    """Clips, each float32 `(time,)` at `sampling_rate`, with their classes.

    `noise` are the sounds without a word of the same split, floats `(time,)`: background noise, or else
    the clips of `_silence_`.
    """

    noise: list[np.ndarray] = field(default_factory=list)
    sampling_rate: int = 0


def load(
    config: KeywordsConfig, examples: Any = None, labels: Sequence[str] | None = None
) -> dict[str, Clips]:
    """Load the splits "train", "validation" and "test" of a source of clips.

    Args:
        config: the source, the length of clips, the words.
        examples: instead of a source, the columns `sound`, `word` and optionally `speaker` in memory
            (`rnnapps.data.sound.sources`).
        labels: the classes, if they are known: those of a bundle.

    Raises:
        UserError: a bad clip or file (see `rnnapps.data.sound.sources.read_clips`), fewer than two
            classes, a target word or a word of a held-out split that no training clip has.
    """
    clips = read_clips(config.source, datasets.path(EMBEDDED), examples, to_score=labels is not None)
    recordings = _read_noise(config, examples)
    has_silence = any(clip.word == SILENCE for some in clips.values() for clip in some)
    if not has_silence and (labels is None or SILENCE in labels):
        _add_silence(clips, recordings, config)
    words = {
        split: [_class(clip.word, config.clips, labels) for clip in clips[split]] for split in SPLITS
    }
    known = labels is not None
    labels = tuple(labels or _labels(words["train"], config))
    _check_words(clips, words, labels, known)
    for name in (SILENCE, UNKNOWN):
        if name not in labels:
            log.info("%s: no class %s: any sound is taken for a word", config.source.data, name)
    return {
        split: _clips(split, clips[split], words[split], labels, config, recordings[split])
        for split in SPLITS
    }


def length(config: KeywordsConfig) -> int:
    """Samples that the network reads of a clip."""
    return round(config.clips.seconds * config.source.sampling_rate)


def make_batches(config: KeywordsConfig, splits: dict[str, Clips]) -> tuple[SoundBatches, SoundBatches]:
    """The training and validation clips as batches of `(samples, targets)`."""
    train, validation, size = splits["train"], splits["validation"], length(config)
    seed, rows = config.training.seed, config.training.batch_size
    augmentation = SoundAugmentation(
        config.augmentation, config.source.sampling_rate, size, train.noise, seed
    )
    return (
        SoundBatches(train.inputs, train.targets, rows, size, seed, augmentation),
        SoundBatches(validation.inputs, validation.targets, rows, size),
    )


def _read_noise(config: KeywordsConfig, examples: Any) -> dict[str, list[np.ndarray]]:
    folder = Path(config.source.data)
    if examples is not None or config.source.data == "embedded" or not folder.is_dir():
        return {split: [] for split in SPLITS}
    noise = read_noise(folder, config.source)
    return {split: [clip.samples for clip in noise[split]] for split in SPLITS}


def _add_silence(
    clips: dict[str, list[SoundClip]], noise: dict[str, list[np.ndarray]], config: KeywordsConfig
) -> None:
    """Add clips of `_silence_` to each split, of its own share of the noise."""
    size = length(config)
    for number, split in enumerate(SPLITS):
        sounds = [sound for sound in noise[split] if len(sound) >= size]
        wanted = round(config.clips.silence_ratio * _per_word(clips[split], config.clips))
        if not sounds or not wanted:
            continue
        random = np.random.default_rng(number)  # the same for every seed of the training
        for index in range(wanted):
            sound = sounds[random.integers(len(sounds))]
            start = int(random.integers(len(sound) - size + 1))
            where = f"{SILENCE} {index + 1} of the {split} split"
            clips[split].append(SoundClip(sound[start : start + size], SILENCE, None, where))


def _per_word(clips: Sequence[SoundClip], config: ClipConfig) -> float:
    """Clips of a target word, on average."""
    counts = Counter(_class(clip.word, config, None) for clip in clips)
    of_targets = [count for word, count in counts.items() if word not in (SILENCE, UNKNOWN)]
    return sum(of_targets) / len(of_targets) if of_targets else 0.0


def _class(word: str, config: ClipConfig, labels: Sequence[str] | None) -> str:
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


def _check_words(
    clips: dict[str, list[SoundClip]], words: dict[str, list[str]], labels: Sequence[str], known: bool
) -> None:
    """Refuse a word that is no class. `known` says that these are of a bundle, not of the training."""
    for split, some in words.items():
        for clip, word in zip(clips[split], some, strict=True):
            if word in labels:
                continue
            problem = f"the word '{word}' of the {split} split is none of {', '.join(labels)}"
            if not known:
                count = sum(other.count(word) for other in words.values())
                problem = (
                    f"the word '{word}' has too few clips ({count}), none in the training split: "
                    f"more are needed, or of more speakers; or choose the words with --words"
                )
            raise UserError(f"{clip.where}: {problem}")


def _clips(
    split: str,
    clips: Sequence[SoundClip],
    words: Sequence[str],
    labels: tuple[str, ...],
    config: KeywordsConfig,
    recordings: Sequence[np.ndarray],
) -> Clips:
    numbers = {label: number for number, label in enumerate(labels)}
    left_out = set()
    limit = round(config.clips.unknown_ratio * _per_word(clips, config.clips))
    unknown = [number for number, word in enumerate(words) if word == UNKNOWN]
    if config.clips.unknown_ratio and 0 < limit < len(unknown):
        # By content, so that neither a seed nor the place of the files chooses.
        unknown.sort(key=lambda number: hashlib.sha256(clips[number].samples.tobytes()).digest())
        left_out = set(unknown[limit:])
        log.info(
            "%d of %d %s clips of other words left out (--unknown-ratio)",
            *(len(left_out), len(unknown), split),
        )
    kept = [number for number in range(len(clips)) if number not in left_out]
    return Clips.of_classes(
        [clips[number].samples for number in kept],
        [numbers[words[number]] for number in kept],
        labels,
        sampling_rate=config.source.sampling_rate,
        noise=recordings or [clip.samples for clip in clips if clip.word == SILENCE],
    )
