"""Lines of ink in, steps of the pen and ids of characters out."""

import logging
from collections import Counter

import numpy as np

from rnnapps.data.lines.sources import kind_of
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.errors import UserError
from rnnapps.handwriting.config import HandwritingConfig
from rnnapps.handwriting.data import Lines
from rnnapps.handwriting.writing.batches import WriterBatches
from rnnapps.handwriting.writing.offsets import to_offsets

log = logging.getLogger(__name__)

PER_CHARACTER = (4, 40)  # steps of the pen, of a line whose text is that of its ink
VALIDATION_BATCH = 32

Line = tuple[np.ndarray, np.ndarray]
"""offsets float32 `(steps, 3)`, and ids of characters int32 `(characters,)`"""


def learn_alphabet(config: HandwritingConfig, lines: Lines) -> Alphabet:
    """The characters that come often enough in the training lines.

    Raises:
        UserError: the lines are paper, or no character comes so often.
    """
    if kind_of(lines.inputs[0]) != "ink":
        raise UserError(f"{config.source.data}: pictures: a network learns to write from ink")
    counts = Counter(character for text in lines.texts for character in text)
    least = config.writer.least_count
    if not (characters := [one for one, count in sorted(counts.items()) if count >= least]):
        raise UserError(f"{config.source.data}: no character comes {least} times: lower --least-count")
    return Alphabet(characters)


def make_lines(config: HandwritingConfig, lines: Lines, alphabet: Alphabet) -> list[Line]:
    """The lines that a network can learn to write, or be scored on; the others are counted.

    Raises:
        UserError: there are none.
    """
    fewest, most = PER_CHARACTER
    kept = []
    for points, text in zip(lines.inputs, lines.texts, strict=True):
        offsets = to_offsets(points)
        steps = len(offsets)
        fits = fewest <= steps / len(text) <= most and 1 < steps <= config.writer.most_steps
        if fits and not alphabet.unknown([text]):
            kept.append((offsets, alphabet.encode(text)))
    if left_out := len(lines) - len(kept):
        why = "rare characters, or too many or few steps"
        log.info("%d of %d lines left out: %s", left_out, len(lines), why)
    if not kept:
        source = config.source.data
        raise UserError(f"{source}: no line is left: raise --most-steps or lower --least-count")
    return kept


def make_batches(
    config: HandwritingConfig, splits: dict[str, Lines], alphabet: Alphabet
) -> tuple[WriterBatches, WriterBatches]:
    """The training and validation lines as batches."""
    train, validation = (
        make_lines(config, splits[split], alphabet) for split in ("train", "validation")
    )
    training = config.training
    return (
        WriterBatches(train, training.batch_size, training.seed),
        WriterBatches(validation, VALIDATION_BATCH),
    )
