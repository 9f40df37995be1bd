"""Train the network that writes: `rnnapps train handwriting --task write`."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from rnnapps import datasets
from rnnapps.handwriting.config import HandwritingConfig
from rnnapps.handwriting.data import EMBEDDED, Lines
from rnnapps.handwriting.evaluate import evaluate, table

if TYPE_CHECKING:
    from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)

SAMPLE = "the pen moves across the paper"


def train_writer(run: "TrainingRun", config: HandwritingConfig, splits: dict[str, Lines]) -> Path:
    """Train on ink, and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    from rnnapps.evaluation.pen_baselines import pen_baselines
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.handwriting.writing import data
    from rnnapps.handwriting.writing.loss import WriterLoss
    from rnnapps.handwriting.writing.model import build
    from rnnapps.handwriting.writing.predictor import HandwritingWriter
    from rnnapps.metrics.pen import pen_report

    alphabet = run.start.alphabet if run.start else data.learn_alphabet(config, splits["train"])
    log.info("%d characters: %s", alphabet.size - 1, alphabet.letters)
    batches, validation = data.make_batches(config, splits, alphabet)

    model = build(config.model, config.writer, alphabet.size - 1)
    run.start_from(model)
    model.compile(run.optimizer(len(batches)), WriterLoss(), weighted_metrics=[])
    run.fit(model, batches, validation)

    log.info("scoring the test lines, and fitting the baselines")
    writer = HandwritingWriter(model, alphabet, config)
    report = evaluate(writer, splits["test"])
    train, test = (
        [offsets for offsets, _ in lines]
        for lines in (batches.sequences, data.make_lines(config, splits["test"], alphabet))
    )
    for name, nats in pen_baselines(train, test).items():
        add_baseline(report, name, pen_report(nats))
    known = "".join(one for one in SAMPLE if one in alphabet.characters).strip()
    return run.finish(
        writer,
        report,
        table,
        plots={"written": writer(known or alphabet.characters[0]).plot()},
        title="Handwriting: a network that writes",
        limits="It writes in hands like those that it has learnt from, lines of about 40 characters. Do "
        "not pass what it writes off as somebody's own hand. It knows the characters "
        f"{alphabet.letters}",
        origin=datasets.origin(EMBEDDED),
    )
