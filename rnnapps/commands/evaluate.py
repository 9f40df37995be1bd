"""`rnnapps evaluate APPLICATION`: score a bundle, beside its baselines."""

import logging
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from rnnapps import backend, bundle
from rnnapps.applications import APPLICATIONS, class_of
from rnnapps.data.examples import choose_split
from rnnapps.evaluation.options import source_options, split_to_score
from rnnapps.evaluation.report import metrics_of
from rnnapps.outputs import check_file, print_json, write_json

log = logging.getLogger(__name__)


def main(application: str, arguments: list[str]) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    module = import_module(f"rnnapps.{application}.evaluate")
    prog = f"rnnapps evaluate {application}"
    kind = module.EvaluateOptions
    options, path, settings, trained = source_options(kind, arguments, prog, application)
    source, plot = options.source.data, getattr(options, "plot", None)
    if plot is not None:
        check_file(Path(plot))
    split = split_to_score(options.split, source, trained.source.data)

    data = import_module(f"rnnapps.{application}.data")
    splits = data.load(replace(trained, source=options.source), labels=settings.get("labels"))
    examples = choose_split(splits, split, source)
    predictor = class_of(application, "Predictor").load(path)
    with bundle.applying(path):
        report = module.evaluate(predictor, examples, **options.call_options())
    stored = bundle.read_metrics(path)
    if report["data"]["digest"] == stored["data"].get("digest"):
        # These were made when their training examples were at hand.
        report["baselines"] = stored["baselines"]
        with bundle.damage(path):
            module.table(report)
    about = {"training": stored["training"], "environment": backend.describe()}
    metrics = metrics_of(report, source, split, **about)
    if options.json == "-":
        print_json(metrics)
    else:
        what = APPLICATIONS[application].examples
        print(f"{len(examples):,} {what} of {source} ({split})\n\n{module.table(metrics)}")
        print(f"\nSignature: `{metrics['signature']}`")
        if options.json is not None:
            write_json(Path(options.json), metrics)
    if plot is not None:
        from rnnapps.evaluation.plots import save_plot

        save_plot(module.plot(predictor, examples, metrics), Path(plot))
        log.info("%s: written", plot)
