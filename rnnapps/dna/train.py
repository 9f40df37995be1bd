"""Train a classifier of DNA sequences.

One training, four ways to start it:

    rnnapps train dna                                on the splice junctions that come with rnnapps
    rnnapps train dna --data folder --no-aligned --both-strands
    python -m rnnapps.dna.train --help               the same command, and its flags
    train(DnaConfig(), {"sequence": [...], "label": [...]})       from Python, on data in memory
"""

import logging
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.dna import data
from rnnapps.dna.config import DnaConfig
from rnnapps.dna.evaluate import evaluate, plot, table
from rnnapps.dna.predictor import DnaPredictor
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: DnaConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from the names of columns (`sequence`, `label`) to lists, NumPy arrays or the
            columns of a pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("dna", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    from rnnapps.dna.model import build
    from rnnapps.evaluation.dna_baselines import kmer_baseline, position_baseline
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.metrics.classification import classification_report

    test, labels, sequences = splits["test"], splits["train"].labels, config.sequences
    log.info("classes: %s", ", ".join(labels))
    batches, validation = data.make_batches(config, splits)

    positions = max(map(len, batches.sequences)) if sequences.aligned else 0
    model = build(config.model, 4**sequences.kmer + 2, len(labels), positions)
    run.start_from(model, labels=labels)
    model.compile(run.optimizer(len(batches)), "categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, batches, validation)

    log.info("scoring the test sequences, and fitting the scikit-learn baselines")
    predictor = DnaPredictor(model, labels, config)
    report = evaluate(predictor, test)
    known = splits["train"].labelled(), splits["validation"].labelled(), test.inputs
    baselines = [kmer_baseline(*known, both=sequences.both_strands)]
    if sequences.aligned:
        baselines.append(position_baseline(*known))
    for name, probabilities in baselines:
        add_baseline(report, name, classification_report(test.classes, probabilities, labels))
    return run.finish(
        predictor,
        report,
        table,
        plots={"confusion_matrix": plot(predictor, test, report)},
        title=f"DNA: {', '.join(labels)}",
        limits="It gives one of its classes to any sequence. "
        f"It knows sequences of the length and kind that it was trained on"
        f"{', cut around the same point' if sequences.aligned else ''}.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, DnaConfig, "dna")
