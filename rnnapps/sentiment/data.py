"""Rows of text in, token ids and class probabilities out."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.bad_rows import BadRows
from rnnapps.data.labelled_batches import LabelledBatches
from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.labels import divided_labels, known_labels, label_problem
from rnnapps.data.row import Row
from rnnapps.data.row_sources import problem_of
from rnnapps.data.text.bpe_dropout import BPEDropout
from rnnapps.data.text.sources import read_texts
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.sentiment.config import SentimentConfig

log = logging.getLogger(__name__)

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
        UserError: a bad row or file (see `rnnapps.data.row_sources.read_rows`), one class only, or a
            label that the training rows do not have.
    """
    columns = (config.source.text_column, config.source.label_column)
    embedded = datasets.path(f"{EMBEDDED}/sentences.csv.xz")
    flags = "--text-column and --label-column"
    splits = read_texts(config.source, columns, embedded, flags, examples)
    found = (_label(row, config) for row in splits["train"])
    classes = known_labels(found, labels, config.source.data)
    divided = divided_labels(splits, config.source.label_column, labels)
    soft = _soft_columns(splits["train"], classes, config)
    if soft and labels is None:
        log.info("training on soft labels, from %s (--no-soft-labels: not)", ", ".join(soft))
    loaded = {}
    for split, rows in splits.items():
        if soft and (labels is not None or split != "train"):  # to be scored: the label alone counts
            rows = [row for row in rows if _label(row, config)]
        of_train = soft if labels is None and split == "train" else ()
        loaded[split] = _examples(rows, config, classes, divided, of_train)
    return loaded


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


def _label(row: Row, config: SentimentConfig) -> str:
    return row.fields[config.source.label_column]


def _soft_columns(
    rows: Sequence[Row], labels: tuple[str, ...], config: SentimentConfig
) -> tuple[str, ...]:
    """The columns named like classes, if they are all of them or all but one; numbers are no names."""
    if not (rows and config.source.soft_labels and config.source.header):
        return ()
    soft = tuple(label for label in labels if label in rows[0].fields)
    return soft if len(soft) >= len(labels) - 1 else ()


def _examples(
    rows: Sequence[Row],
    config: SentimentConfig,
    labels: tuple[str, ...],
    divided: Mapping[str, int],
    soft: tuple[str, ...],
) -> LabelledExamples:
    def problem(row: Row) -> str | None:
        label = _label(row, config)
        reason = label_problem(label, labels, divided) if label or not soft else None
        return problem_of(row, reason or _soft_problem(row, labels, soft))

    bad = BadRows(config.source.data, "rows", config.source.skip_bad)
    rows = bad.good(rows, problem)
    numbers = {label: number for number, label in enumerate(labels)} | {"": -1}
    texts = [row.fields[config.source.text_column] for row in rows]
    classes = [numbers[_label(row, config)] for row in rows]
    if not soft:
        return LabelledExamples.of_classes(texts, classes, labels)
    targets = np.zeros((len(rows), len(labels)), dtype="float32")
    columns = [numbers[name] for name in soft]
    targets[:, columns] = [[float(row.fields[name]) for name in soft] for row in rows]
    for rest in set(range(len(labels))) - set(columns):
        targets[:, rest] = np.maximum(0, 1 - targets[:, columns].sum(axis=1))
    return LabelledExamples(texts, np.array(classes), labels, targets)


def _soft_problem(row: Row, labels: tuple[str, ...], soft: tuple[str, ...]) -> str | None:
    try:
        shares = [float(row.fields[name]) for name in soft]
    except (TypeError, ValueError):  # the first of a list
        return f"{' or '.join(soft)} is not a number"
    least = 0.999 if len(soft) == len(labels) else 0
    if soft and not (min(shares) >= 0 and least <= sum(shares) <= 1.001):
        return f"{' and '.join(soft)} are not probabilities"
    return None
