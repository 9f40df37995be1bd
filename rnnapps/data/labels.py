"""The classes of a source: its own, or those of a bundle."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rnnapps.data.row import Row
from rnnapps.data.row_sources import file_of
from rnnapps.errors import UserError


def known_labels(found: Iterable[str], labels: Sequence[str] | None, source: str) -> tuple[str, ...]:
    """The classes: those of a bundle, or the different labels of the training rows, sorted.

    Args:
        found: the labels of the training rows; "" is none.
        labels: the classes of a bundle, if there is one.
        source: what errors call the source.

    Raises:
        UserError: fewer than two.
    """
    classes = tuple(labels or sorted(set(found) - {""}))
    if len(classes) < 2:
        one = f"only the class '{classes[0]}'" if classes else "no labels"
        raise UserError(f"{source}: {one} in the training rows: two or more are needed")
    return classes


def divided_labels(
    splits: Mapping[str, Sequence[Row]], column: str, labels: Sequence[str] | None
) -> Counter[str]:
    """How many rows have each label, of those that the source itself did not divide into splits.

    Such rows come from a file, or a split of a data set, that training rows come from too. Where the
    classes are those of a bundle, there are none.
    """
    if labels is not None:
        return Counter()
    files = {file_of(row) for row in splits["train"]}
    rows = (row for some in splits.values() for row in some if file_of(row) in files)
    return Counter(row.fields[column] for row in rows)


def label_problem(label: str, labels: Sequence[str], divided: Mapping[str, int]) -> str | None:
    """What is wrong with the label of a row, or None; `divided`: see `divided_labels`."""
    if not label:
        return "empty label"
    if label in labels:
        return None
    if count := divided.get(label):
        rows = "1 row" if count == 1 else f"{count:,} rows"
        return f"the label '{label}' has {rows}, none in the training split: more of them are needed"
    return f"the label '{label}' is none of {', '.join(labels)}"
