"""The classes of a source: its own, or those of a bundle."""

from collections.abc import Iterable, Sequence

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


def label_problem(label: str, labels: Sequence[str]) -> str | None:
    """What is wrong with the label of a row, or None."""
    if not label:
        return "empty label"
    return None if label in labels else f"the label '{label}' is none of {', '.join(labels)}"
