"""`rnnapps predict APPLICATION`: apply a bundle to your own input."""

import logging
import sys
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from rnnapps import bundle
from rnnapps.applications import class_of
from rnnapps.command_line import parse
from rnnapps.errors import UserError
from rnnapps.outputs import JSONLines, check_file

log = logging.getLogger(__name__)


def main(application: str, arguments: list[str]) -> None:
    """The command: an answer for each input, in order."""
    kind = import_module(f"rnnapps.{application}.predictor").PredictOptions
    options = parse(kind, arguments, prog=f"rnnapps predict {application}")
    read = options.open()
    output = options.output
    if options.plot is not None:
        check_file(Path(options.plot))
    with JSONLines(options.json) as lines:
        path = bundle.find(options.model)
        predictor = class_of(application, "Predictor").load(path)
        number, answered, failed = 0, [], None
        try:
            for group in read(predictor):
                with bundle.applying(path):
                    answers = predictor([content for _, content in group], **options.call_options())
                for (name, _), answer in zip(group, answers, strict=True):
                    if name is not None:
                        answer = _named(answer, name)
                    lines.write(answer.to_dict())
                    if options.json != "-":
                        print(answer.describe(number if options.listed else None))
                    if getattr(answer, "cut", False):
                        log.warning(
                            "note: only a part of it was read: %.60s", getattr(answer, _first(answer))
                        )
                    number += 1
                    if output is not None:
                        answered.append(answer)
                sys.stdout.flush()
        except UserError as error:  # of one of several files: what the others gave is not lost
            failed = error
    if answered:
        options.write_output(answered)
        log.info("%s: written", output)
    if failed is not None:
        raise failed
    if options.plot is not None:
        from rnnapps.evaluation.plots import save_plot

        save_plot(answer.plot(), Path(options.plot))
        log.info("%s: written", options.plot)


def _named(answer: Any, name: str) -> Any:
    """The answer with the name of its file."""
    return replace(answer, **{_first(answer): name})


def _first(answer: Any) -> str:
    """The first field of every answer is what was asked about."""
    return fields(answer)[0].name
