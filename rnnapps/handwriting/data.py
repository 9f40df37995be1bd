"""Lines with their texts in, features and ids of characters out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.ctc_batches import CTCBatches, frames_needed
from rnnapps.data.lines.sources import kind_of, read_lines
from rnnapps.data.pictures.line_augmentation import LineAugmentation
from rnnapps.data.pictures.line_pixels import to_height
from rnnapps.data.pictures.straight_line import straightened
from rnnapps.data.strokes.augmentation import InkAugmentation
from rnnapps.data.strokes.features import CHANNELS, features, step_places
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.transcribed_examples import TranscribedExamples
from rnnapps.errors import UsageError
from rnnapps.handwriting.config import HandwritingConfig, LineConfig

EMBEDDED = "handwriting"
SHRINK = {"ink": 2, "paper": 4}  # steps of the input to a frame of the output
WIDEST = 8000  # pixels of a line at the height that it is read at
VALIDATION_BATCH = 32


class Lines(TranscribedExamples):
    """Lines of one kind, with their texts and the writers or documents that they are of."""


def load(config: HandwritingConfig, examples: Any = None, labels: None = None) -> dict[str, Lines]:
    """Load the splits "train", "validation" and "test" of a source.

    Args:
        config: names the source.
        examples: instead of a source, columns in memory: `line`, `text` and optionally `writer` or
            `document` (`rnnapps.data.lines.sources`).
        labels: there are none.

    Raises:
        UserError: a bad line or file (see `read_lines`), or one whose text has more characters than the
            network has frames for it.
    """
    splits = read_lines(config.source, datasets.path(""), examples, partial(_problem, config.lines))
    return {
        split: Lines(
            [line.content for line in lines],
            [line.text for line in lines],
            [line.group for line in lines],
            [line.where for line in lines],
        )
        for split, lines in splits.items()
    }


def featurise(config: LineConfig, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """What makes the features of a line of a kind, float32 `(time, features)`, no step all zeros.

    Raises:
        UsageError: ink that is to be read from right to left: its order is that of the pen.
    """
    if kind == "paper":
        return lambda pixels: _columns(_prepared(config, pixels), config.right_to_left)
    if config.right_to_left:
        raise UsageError("--right-to-left is for pictures: ink has the order in which it was written")
    return features


def width(config: LineConfig, kind: str) -> int:
    """Features of a step."""
    return CHANNELS if kind == "ink" else config.height


def places(config: LineConfig, content: np.ndarray) -> np.ndarray:
    """Where each step of the features of a line is, x as in its content, float `(time,)`."""
    if kind_of(content) == "ink":
        return step_places(content)[:, 0]
    x = np.arange(content.shape[1], dtype="float32")
    return x[::-1] if config.right_to_left else x


def make_batches(
    config: HandwritingConfig, splits: dict[str, Lines], alphabet: Alphabet
) -> tuple[CTCBatches, CTCBatches]:
    """The training and validation lines as batches of `(features, ids of characters)`."""
    train, validation, training = splits["train"], splits["validation"], config.training
    kind = kind_of(train.inputs[0])
    shrink = SHRINK[kind]
    lines, held_out = train.inputs, validation.inputs
    make: Any = featurise(config.lines, kind)
    augment: Any = InkAugmentation(config.augmentation)
    if kind == "paper":  # which is made ready once, and changed as it is read: level and upright
        lines, held_out = ([_prepared(config.lines, one) for one in some] for some in (lines, held_out))
        make = partial(_columns, right_to_left=config.lines.right_to_left)
        augment = LineAugmentation(config.augmentation)
    targets, expected = ([alphabet.encode(text) for text in some.texts] for some in (train, validation))
    return (
        CTCBatches(lines, targets, training.batch_size, make, shrink, augment, training.seed),
        CTCBatches(held_out, expected, VALIDATION_BATCH, make, shrink),
    )


def _prepared(config: LineConfig, pixels: np.ndarray) -> np.ndarray:
    """The pixels of a line on paper as they are read."""
    return (straightened if config.straighten else to_height)(pixels, config.height, WIDEST)


def _columns(pixels: np.ndarray, right_to_left: bool) -> np.ndarray:
    """Columns of ink, from 1/256 for paper to 1, in the order in which they are read."""
    ink = 256 - pixels.T.astype("float32")
    return (ink[::-1] if right_to_left else ink) / 256


def _problem(config: LineConfig, content: np.ndarray, text: str) -> str | None:
    """What is wrong with a line, or None."""
    kind = kind_of(content)
    frames = -(-len(featurise(config, kind)(content)) // SHRINK[kind])
    if frames_needed(text) <= frames:
        return None
    return f"a text of {len(text)} characters, and the line has room for {frames}: is it the right text?"
