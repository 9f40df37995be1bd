"""From the rows of a table to examples with classes: its own, or those of a bundle."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rnnapps.data.bad_rows import BadRows
from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.data.row import Row
from rnnapps.data.row_sources import file_of, problem_of
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

Splits = Mapping[str, Sequence[Row]]


def labelled_splits(
    splits: Splits,
    columns: tuple[str, str],
    config: TableSourceConfig,
    labels: Sequence[str] | None = None,
    soft: bool = False,
) -> dict[str, LabelledExamples]:
    """The examples of each split, with their classes.

    Args:
        splits: the rows.
        columns: those of the input and of the label.
        config: what the source is called, and whether bad rows are left out.
        labels: the classes of a bundle: all splits are then only scored. By default those of the
            training rows, sorted.
        soft: whether the training rows may have soft labels: columns that are named like the classes,
            with the probability of each (the column of one class may be missing). A row without a label
            then only trains; its class is -1.

    Raises:
        UserError: fewer than two classes, or a row without a label, with one that is no class, or with
            soft labels that are no probabilities (left out with `--skip-bad`).
    """
    label = columns[1]
    classes = _classes((row.fields[label] for row in splits["train"]), labels, config.data)
    divided = _divided(splits, label, labels)
    named = _named_like(classes, splits["train"]) if soft else ()
    if named and labels is None:
        log.info("training on soft labels, from %s (--no-soft-labels: not)", ", ".join(named))
    loaded = {}
    for split, rows in splits.items():
        of_split = named if labels is None and split == "train" else ()
        if named and not of_split:  # to be scored: the label alone counts
            rows = [row for row in rows if row.fields[label]]
        loaded[split] = _examples(rows, columns, config, classes, divided, of_split)
    return loaded


def _classes(found: Iterable[str], labels: Sequence[str] | None, source: str) -> tuple[str, ...]:
    classes = tuple(labels or sorted(set(found) - {""}))
    if len(classes) < 2:
        one = f"only the class '{classes[0]}'" if classes else "no labels"
        raise UserError(f"{source}: {one} in the training rows: two or more are needed")
    return classes


def _divided(splits: Splits, column: str, labels: Sequence[str] | None) -> Counter[str]:
    """How many rows have each label, of those that the source itself did not divide into splits.

    Such rows come from a file, or a split of a data set, that training rows come from too. Where the
    classes are those of a bundle, there are none.
    """
    if labels is not None:
        return Counter()
    files = {file_of(row) for row in splits["train"]}
    rows = (row for some in splits.values() for row in some if file_of(row) in files)
    return Counter(row.fields[column] for row in rows)


def _named_like(classes: tuple[str, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns named like classes, if they are all of them or all but one."""
    named = tuple(name for name in classes if rows and name in rows[0].fields)
    return named if len(named) >= len(classes) - 1 else ()


def _examples(
    rows: Sequence[Row],
    columns: tuple[str, str],
    config: TableSourceConfig,
    classes: tuple[str, ...],
    divided: Mapping[str, int],
    soft: tuple[str, ...],
) -> LabelledExamples:
    content, label = columns

    def problem(row: Row) -> str | None:
        name = row.fields[label]
        reason = _label_problem(name, classes, divided) if name or not soft else None
        return problem_of(row, reason or _soft_problem(row, classes, soft))

    rows = BadRows(config.data, "rows", config.skip_bad).good(rows, problem)
    numbers = {name: number for number, name in enumerate(classes)} | {"": -1}
    inputs = [row.fields[content] for row in rows]
    of_rows = [numbers[row.fields[label]] for row in rows]
    if not soft:
        return LabelledExamples.of_classes(inputs, of_rows, classes)
    targets = np.zeros((len(rows), len(classes)), dtype="float32")
    places = [numbers[name] for name in soft]
    targets[:, places] = [[float(row.fields[name]) for name in soft] for row in rows]
    for rest in set(range(len(classes))) - set(places):
        targets[:, rest] = np.maximum(0, 1 - targets[:, places].sum(axis=1))
    return LabelledExamples(inputs, np.array(of_rows), classes, targets)


def _label_problem(label: str, classes: Sequence[str], divided: Mapping[str, int]) -> str | None:
    if not label:
        return "empty label"
    if label in classes:
        return None
    if count := divided.get(label):
        rows = "1 row" if count == 1 else f"{count:,} rows"
        return f"the label '{label}' has {rows}, none in the training split: more of them are needed"
    return f"the label '{label}' is none of {', '.join(classes)}"


def _soft_problem(row: Row, classes: tuple[str, ...], soft: tuple[str, ...]) -> str | None:
    try:
        shares = [float(row.fields[name]) for name in soft]
    except (TypeError, ValueError):  # the first of a list
        return f"{' or '.join(soft)} is not a number"
    least = 0.999 if len(soft) == len(classes) else 0
    if soft and not (min(shares) >= 0 and least <= sum(shares) <= 1.001):
        return f"{' and '.join(soft)} are not probabilities"
    return None
