"""`rnnapps results APPLICATION`: compare bundles in one table, and put it into a page."""

import logging
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tyro.conf import Positional

from rnnapps import bundle
from rnnapps.command_line import parse
from rnnapps.errors import UserError
from rnnapps.outputs import write

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResultsOptions:
    """Show the scores of bundles and of their baselines in one table, in Markdown."""

    bundles: Positional[tuple[str, ...]] = ()
    """paths or names of bundles (default: the application's that come with rnnapps)"""
    page: str | None = None
    """file to put the table into, between the lines <!-- results --> and <!-- end of results -->"""


def main(application: str, arguments: list[str]) -> None:
    """The command."""
    options = parse(ResultsOptions, arguments, prog=f"rnnapps results {application}")
    from rnnapps.evaluation.results import results_table, with_results

    columns = import_module(f"rnnapps.{application}.evaluate").COLUMNS
    if options.bundles:
        paths = [bundle.find(name) for name in options.bundles]
    else:
        paths = [path for path in bundle.shipped() if path.parent.name == application]
    if not paths:
        raise UserError(f"no bundles of {application} are here: give the paths of some")
    table = results_table(application, paths, columns)
    if options.page is None:
        print(table)
        return
    page = Path(options.page)
    if not page.is_file():
        raise UserError(f"{page}: no such file")
    write(page, with_results(page.read_text(encoding="utf-8"), table, page).encode())
    log.info("%s: written", page)
