"""The results table of an application, made from the metrics of its bundles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rnnapps import bundle
from rnnapps.errors import UserError
from rnnapps.evaluation.tables import Column, markdown, score_cells

BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def results_table(application: str, bundles: Iterable[Path], columns: Mapping[str, Column]) -> str:
    """Each bundle beside its baselines, in Markdown.

    Args:
        application: whose bundles they are, which is checked.
        bundles: their folders.
        columns: of the application's scores.
    """
    rows: list[list[str]] = []
    for path in bundles:
        bundle.check(path, application)
        metrics = bundle.read_metrics(path)
        with bundle.damage(path):
            rows += _rows(path, metrics, columns)
    titles = ["model", "data (test examples)", "parameters", "training"]
    return markdown([*titles, *(title for title, _ in columns.values())], rows)


def _rows(path: Path, metrics: Mapping[str, Any], columns: Mapping[str, Column]) -> Iterator[list[str]]:
    """The lines of a bundle: its network and its baselines."""
    scores, about, training = metrics["scores"], metrics["data"], metrics["training"]
    data = f"{about['source']} ({scores['rows']:,})" if "rows" in scores else f"{about['source']}"
    network = [
        f"`{path.parent.name}/{path.name}`",
        data,
        f"{training['parameters']:,}",
        f"{training['seconds']:,} s",
    ]
    yield [*network, *score_cells(scores, columns)]
    for name, some in metrics["baselines"].items():
        yield [name, data, "", "", *score_cells(some, columns)]


def with_results(page: str, table: str, file: Path) -> str:
    """The text of a page with a table between its marks `BEGIN` and `END`.

    Raises:
        UserError: the page, which `file` names, has no such marks.
    """
    found = re.search(f"{BEGIN}\n.*?{END}", page, re.DOTALL)
    if found is None:
        raise UserError(f"{file}: no lines {BEGIN} and {END} to put the table between")
    return page[: found.start()] + f"{BEGIN}\n{table}\n{END}" + page[found.end() :]
