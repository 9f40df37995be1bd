"""Rows of text in, token ids and class probabilities out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.labelled_batches import LabelledBatches
from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.labelled_rows import labelled_splits
from rnnapps.data.text.bpe_dropout import BPEDropout
from rnnapps.data.text.sources import read_texts
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.sentiment.config import SentimentConfig

EMBEDDED = "sentences"


def load(
    config: SentimentConfig, examples: Any = None, labels: Sequence[str] | None = None
) -> dict[str, LabelledExamples]:
    """Load the splits "train", "validation" and "test" of a source.

    Args:
        config: names the source.
        examples: instead of a source, the columns of its table in memory (`rnnapps.data.columns`).
        labels: the classes, if they are known: those of a bundle. All rows are then to be scored.

    Raises:
        UserError: a bad row or file (see `rnnapps.data.row_sources.read_rows`) or label
            (`labelled_splits`).
    """
    source = config.source
    columns = (source.text_column, source.label_column)
    embedded, flags = datasets.path(f"{EMBEDDED}/sentences.csv.xz"), "--text-column and --label-column"
    splits = read_texts(source, columns, embedded, flags, examples)
    soft = source.soft_labels and source.header  # else columns are 1, 2, 3, ...
    return labelled_splits(splits, columns, source, labels, soft)


def make_batches(
    config: SentimentConfig, examples: dict[str, LabelledExamples], encoder: TextEncoder
) -> tuple[LabelledBatches, LabelledBatches]:
    """Encode the training and validation examples, as batches of `(ids, targets[, weights])`."""
    train, validation = examples["train"], examples["validation"]
    seed, rate = config.training.seed, config.text.bpe_dropout if encoder.has_subwords else 0
    batches = LabelledBatches(
        encoder.encode(train.inputs, "training texts"),
        train.targets,
        config.training.batch_size,
        seed,
        weights=balancing_weights(train.targets) if config.class_weights else None,
        resample=BPEDropout(encoder, train.inputs, rate, seed) if rate else None,
    )
    texts = encoder.encode(validation.inputs, "validation texts")
    return batches, LabelledBatches(texts, validation.targets, batch_size=128)


def balancing_weights(targets: np.ndarray) -> np.ndarray:
    """Weights of rows, float32 `(rows,)`, by which each class counts the same."""
    frequency = targets.mean(axis=0)
    return (targets / (frequency * len(frequency))).sum(axis=1).astype("float32")
