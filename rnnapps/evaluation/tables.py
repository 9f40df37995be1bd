"""Scores as Markdown tables."""

from collections.abc import Callable, Mapping
from typing import Any

Column = tuple[str, str | Callable[[Any], str]]
"""The title of a column, and how a score is written: a format such as "{:.1%}", or a function."""


def interval(limits: tuple[float, float]) -> str:
    """A 95 % interval of a share."""
    low, high = limits
    return f"{low:.1%} to {high:.1%}"


def scores_table(report: Mapping[str, Any], columns: Mapping[str, Column]) -> str:
    """The scores of a network and of its baselines, a line each.

    Args:
        report: in the schema of `rnnapps.evaluation.report`.
        columns: by the name of the score. A score that one lacks, or that is None, leaves a cell empty.
    """
    rows = {"this network": report["scores"], **report["baselines"]}
    cells = [[name, *score_cells(scores, columns)] for name, scores in rows.items()]
    return markdown(["model", *(title for title, _ in columns.values())], cells)


def score_cells(scores: Mapping[str, Any], columns: Mapping[str, Column]) -> list[str]:
    """The cells of one line."""
    cells = []
    for name, (_, how) in columns.items():
        value = scores.get(name)
        written = how.format if isinstance(how, str) else how
        cells.append("" if value is None else written(value))
    return cells


def markdown(titles: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; a column that is empty in all rows is left out."""
    kept = [place for place in range(len(titles)) if not rows or any(row[place] for row in rows)]
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells[place] for place in kept)} |" for cells in lines)
