"""`rnnapps export APPLICATION`: write a bundle for LiteRT or ONNX."""

import logging
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from rnnapps import backend, bundle
from rnnapps.applications import APPLICATIONS, class_of
from rnnapps.data.examples import choose_split
from rnnapps.errors import UsageError, UserError
from rnnapps.evaluation.options import source_options
from rnnapps.outputs import print_json, write_json

log = logging.getLogger(__name__)


def main(application: str, arguments: list[str]) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    module = import_module(f"rnnapps.{application}.export")
    prog = f"rnnapps export {application}"
    kind = module.ExportOptions
    options, path, settings, trained = source_options(kind, arguments, prog, application)
    if "exported" in settings:
        raise UserError(f"{path}: it is exported already: give the bundle that it was made of")
    if options.output == "":  # as where a variable of the shell was not set
        raise UsageError("--output must name a folder, got ''")
    output = Path(options.output or f"exported/{application}-{options.format}")

    data = import_module(f"rnnapps.{application}.data")
    splits = data.load(replace(trained, source=options.source), labels=settings.get("labels"))
    examples = choose_split(splits, "test", options.source.data)
    backend.prepare(threads=1)
    from rnnapps.export.exported_bundles import export_bundles, table

    predictor = class_of(application, "Predictor").load(path)
    measure = partial(module.measure, predictor, examples)
    stored = bundle.read_metrics(path)
    rows = export_bundles(predictor, options.format, output, measure, stored, options.overwrite)
    report = {
        "parameters": predictor.model.count_params(),
        "examples": len(examples),
        "rows": rows,
        "environment": backend.describe(),
    }
    if options.json == "-":
        print_json(report)
    else:
        what = APPLICATIONS[application].examples
        print(f"{report['parameters']:,} parameters; {len(examples):,} {what}; medians on one thread\n")
        print(table(rows))
        if options.json is not None:
            write_json(Path(options.json), report)
    log.info("%s: float32 and int8 written", output)
