"""Recordings with their texts in, samples and ids of characters out."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.ctc_batches import CTCBatches, frames_needed
from rnnapps.data.sound.augmentation import SoundAugmentation
from rnnapps.data.sound.lead import lead
from rnnapps.data.sound.transcribed import read_transcribed
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.spoken_form import SpokenForm
from rnnapps.data.transcribed_examples import TranscribedExamples
from rnnapps.speech.config import HEAD, TAIL, SpeechConfig

EMBEDDED = "prompts"
FRAMES = 32  # whose multiples recordings are filled up to in training
VALIDATION_BATCH = 32


@dataclass(frozen=True)
class Recordings(TranscribedExamples):
    """Recordings, each float32 `(time,)` at `sampling_rate`, with what is said in them and by whom."""

    sampling_rate: int = 0


def load(config: SpeechConfig, examples: Any = None, labels: None = None) -> dict[str, Recordings]:
    """Load the splits "train", "validation" and "test" of a source.

    Args:
        config: the source, and the form of texts.
        examples: instead of a source, the columns `sound`, `text` and optionally `speaker` in memory.
        labels: there are none.

    Raises:
        UserError: a bad recording or file (see `read_transcribed`), or a text with more characters than
            the network has frames for it.
    """
    form = SpokenForm(config.text)
    problem = partial(_problem, config)
    splits = read_transcribed(config.source, datasets.path(""), examples, form, problem)
    form.report(config.source.data)
    return {
        split: Recordings(
            [one.samples for one in some],
            [one.text for one in some],
            [one.speaker or one.where for one in some],
            [one.where for one in some],
            config.source.sampling_rate,
        )
        for split, some in splits.items()
    }


def frame_length(config: SpeechConfig) -> int:
    """Samples of a frame of the output: two hops of the spectrogram."""
    return 2 * round(config.model.hop * config.source.sampling_rate)


def with_tail(config: SpeechConfig, samples: np.ndarray) -> np.ndarray:
    """A recording as the network hears it, float32 `(time,)`: with silence behind it."""
    return np.pad(samples, (0, TAIL * frame_length(config)))


def idle_frames(config: SpeechConfig) -> int:
    """Frames at the beginning in which the network writes nothing."""
    return HEAD if config.model.direction == "forward" else 0


def make_batches(
    config: SpeechConfig, splits: dict[str, Recordings], alphabet: Alphabet
) -> tuple[CTCBatches, CTCBatches]:
    """The training and validation recordings as batches of `(samples, ids of characters)`."""
    train, validation, training = splits["train"], splits["validation"], config.training
    augmentation = SoundAugmentation(config.augmentation, config.source.sampling_rate, length=None)
    hear, frame = partial(with_tail, config), frame_length(config)
    targets = [[alphabet.encode(text) for text in some.texts] for some in (train, validation)]
    return (
        CTCBatches(
            *(train.inputs, targets[0], training.batch_size, hear, frame),
            augment=partial(_changed, augmentation),
            seed=training.seed,
            idle=idle_frames(config),
            step=FRAMES * frame,
        ),
        CTCBatches(*(validation.inputs, targets[1], VALIDATION_BATCH, hear, frame), step=FRAMES * frame),
    )


def _changed(
    augmentation: SoundAugmentation, samples: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Another version of a recording, which begins anywhere in the quiet in front of its first sound;
    half of all begin at its end, so that their first characters can be known soon (see `model.build`).
    """
    begin = int(min(1.0, 2 * random.random()) * lead(samples, augmentation.sampling_rate))
    return augmentation.change(samples[begin:], random)


def _problem(config: SpeechConfig, seconds: float, text: str) -> str | None:
    """What is wrong with a recording, or None."""
    frames = int(seconds * config.source.sampling_rate / frame_length(config)) + TAIL
    frames -= idle_frames(config)
    if frames_needed(text) <= frames:
        return None
    return f"a text of {len(text)} characters, and {seconds:.2f} s of sound: is it the right text?"
