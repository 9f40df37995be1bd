"""Raw rows in, texts and class probabilities out."""

import hashlib
import logging
from dataclasses import dataclass
from itertools import chain

import numpy as np

from rnnapps import datasets
from rnnapps.data.bpe_dropout import BPEDropout
from rnnapps.data.labelled_batches import LabelledBatches
from rnnapps.data.row import Row
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.sources import good_rows, read_rows
from rnnapps.data.text_encoder import TextEncoder
from rnnapps.errors import UserError
from rnnapps.sentiment.config import SentimentConfig

log = logging.getLogger(__name__)

EMBEDDED = datasets.path("sentences/sentences.csv.xz")


@dataclass(frozen=True)
class Examples:
    """Texts with what is known of their classes.

    `targets` is float32 `(rows, classes)`, each row a distribution; `classes` is int `(rows,)`, -1
    for a training row that has soft labels only.
    """

    texts: list[str]
    targets: np.ndarray
    classes: np.ndarray

    def labelled(self) -> tuple[list[str], np.ndarray]:
        """Texts and classes of the rows that have a label."""
        rows = np.flatnonzero(self.classes >= 0)
        return [self.texts[row] for row in rows], self.classes[rows]

    def digest(self) -> str:
        """A fingerprint of texts and classes, by which a bundle knows the rows it was scored on."""
        content = "\0".join([*self.texts, *map(str, self.classes)])
        return hashlib.sha256(content.encode()).hexdigest()


def load(config: SourceConfig) -> tuple[dict[str, Examples], tuple[str, ...]]:
    """Load the parts "train", "valid" and "test" of a source, and the labels of its classes, sorted.

    Raises:
        UserError: a bad row or file (see `rnnapps.data.sources.read_rows`), one class only, a label
            that the training rows do not have, or a part that is empty.
    """
    parts = _read(config)
    labels = tuple(sorted({_label(row, config) for row in parts["train"]} - {""}))
    if len(labels) < 2:
        found = f"only the class '{labels[0]}'" if labels else "no labels"
        raise UserError(f"{config.data}: {found} in the training rows: two or more are needed")
    soft = _soft_columns(parts["train"], labels) if config.soft_labels else ()
    if soft:
        log.info("training on soft labels, from %s (--no-soft-labels: not)", ", ".join(soft))
    examples = {
        "train": _examples(parts["train"], config, labels, soft),
        "valid": _scored(parts["valid"], config, labels, soft),
        "test": _scored(parts["test"], config, labels, soft),
    }
    return examples, labels


def load_part(config: SourceConfig, labels: tuple[str, ...], part: str) -> Examples:
    """Load the labelled rows of one part of a source, or of "all" of it, for known classes."""
    parts = _read(config)
    rows = list(chain.from_iterable(parts.values())) if part == "all" else parts[part]
    return _scored(rows, config, labels, _soft_columns(rows, labels) if config.soft_labels else ())


def make_batches(
    config: SentimentConfig, examples: dict[str, Examples], encoder: TextEncoder
) -> tuple[LabelledBatches, LabelledBatches]:
    """Encode the training and validation examples, as batches of `(ids, targets[, weights])`."""
    train, valid = examples["train"], examples["valid"]
    seed, rate = config.training.seed, config.text.bpe_dropout
    batches = LabelledBatches(
        encoder.encode(train.texts, "training texts"),
        train.targets,
        config.training.batch_size,
        seed,
        weights=balancing_weights(train.targets) if config.class_weights else None,
        resample=BPEDropout(encoder, train.texts, rate, seed) if rate else None,
    )
    validation = LabelledBatches(
        encoder.encode(valid.texts, "validation texts"), valid.targets, batch_size=128
    )
    return batches, validation


def balancing_weights(targets: np.ndarray) -> np.ndarray:
    """Weights of rows, float32 `(rows,)`, by which each class counts the same."""
    frequency = targets.mean(axis=0)
    return (targets / (frequency * len(frequency))).sum(axis=1).astype("float32")


def _read(config: SourceConfig) -> dict[str, list[Row]]:
    return read_rows(config, (config.text_column, config.label_column), EMBEDDED)


def _label(row: Row, config: SourceConfig) -> str:
    return row.fields[config.label_column].strip()


def _soft_columns(rows: list[Row], labels: tuple[str, ...]) -> tuple[str, ...]:
    """The columns named like classes, if they are all of them or all but one."""
    soft = tuple(label for label in labels if label in rows[0].fields) if rows else ()
    return soft if len(soft) >= len(labels) - 1 else ()


def _scored(
    rows: list[Row], config: SourceConfig, labels: tuple[str, ...], soft: tuple[str, ...]
) -> Examples:
    """Rows to be scored: those with a label, which alone counts."""
    if soft:
        rows = [row for row in rows if _label(row, config)]
    return _examples(rows, config, labels, ())


def _examples(
    rows: list[Row], config: SourceConfig, labels: tuple[str, ...], soft: tuple[str, ...]
) -> Examples:
    rows = good_rows(rows, lambda row: _problem(row, _label(row, config), labels, soft), config)
    if not rows:
        raise UserError(f"{config.data}: too few rows: a part of them has none")
    numbers = {label: number for number, label in enumerate(labels)} | {"": -1}
    classes = np.array([numbers[_label(row, config)] for row in rows])
    targets = np.zeros((len(rows), len(labels)), dtype="float32")
    if soft:
        columns = [numbers[name] for name in soft]
        targets[:, columns] = [[float(row.fields[name]) for name in soft] for row in rows]
        for rest in set(range(len(labels))) - set(columns):
            targets[:, rest] = np.maximum(0, 1 - targets[:, columns].sum(axis=1))
    else:
        targets[np.arange(len(rows)), classes] = 1
    return Examples([row.fields[config.text_column] for row in rows], targets, classes)


def _problem(row: Row, label: str, labels: tuple[str, ...], soft: tuple[str, ...]) -> str | None:
    if label and label not in labels:
        return f"the label '{label}' is none of {', '.join(labels)}"
    if not label and not soft:
        return "empty label"
    try:
        shares = [float(row.fields[name]) for name in soft]
    except ValueError:
        return f"{' or '.join(soft)} is not a number"
    least = 0.999 if len(soft) == len(labels) else 0
    if soft and not (min(shares) >= 0 and least <= sum(shares) <= 1.001):
        return f"{' and '.join(soft)} are not probabilities"
    return None
