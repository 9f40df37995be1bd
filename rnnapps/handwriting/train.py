"""Train a reader of handwriting.

One training, four ways to start it:

    rnnapps train handwriting                        on the drawn lines that come with rnnapps
    rnnapps train handwriting --data folder
    python -m rnnapps.handwriting.train --help       the same command, and its flags
    train(HandwritingConfig(), {"line": [...], "text": [...]})     from Python, on data in memory
"""

import logging
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.data.lines.sources import kind_of
from rnnapps.data.text.learnt_alphabet import learnt_alphabet
from rnnapps.errors import UsageError, UserError
from rnnapps.handwriting import data
from rnnapps.handwriting.config import HandwritingConfig
from rnnapps.handwriting.evaluate import evaluate, table
from rnnapps.handwriting.predictor import HandwritingPredictor
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: HandwritingConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from `line` (files, pixels or points), `text` and optionally `writer` or
            `document` to lists, or the columns of a pandas DataFrame, or one from the names of splits
            to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    if config.task == "write" and examples is None and config.source.embedded is not None:
        raise UsageError("--task write learns from ink, the embedded lines are pictures: give --data")
    run = TrainingRun("handwriting", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    if run.start is not None and run.start.config.task != config.task:
        raise UserError(f"{config.training.init_from}: made by --task {run.start.config.task}")
    # Imported only now: they import Keras, whose threads have to be set first.
    if config.task == "write":
        from rnnapps.handwriting.writing.train import train_writer

        return train_writer(run, config, splits)
    from rnnapps.evaluation.nearest_texts import nearest_texts
    from rnnapps.evaluation.reading_baselines import tesseract_lines
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.handwriting.model import build
    from rnnapps.metrics.transcription import transcription_report
    from rnnapps.training.ctc_loss import CTCLoss

    train, test = splits["train"], splits["test"]
    kind = kind_of(train.inputs[0])
    texts = {split: lines.texts for split, lines in splits.items()}
    if run.start is not None and kind == "paper":
        straightens = run.start.config.lines.straighten
        if straightens != config.lines.straighten:
            flag = "--straighten" if straightens else "--no-straighten"
            raise UsageError(f"{config.training.init_from}: was trained with {flag}: give it here too")
    known = run.start.alphabet if run.start is not None else None
    alphabet = learnt_alphabet(texts, known, config.lines.right_to_left)
    batches, validation = data.make_batches(config, splits, alphabet)

    model = build(config.model, kind, data.width(config.lines, kind), alphabet.size)
    run.start_from(model, alphabet=alphabet)
    model.compile(run.optimizer(len(batches)), CTCLoss())
    run.fit(model, batches, validation)

    log.info("reading the test lines, by the network and by the baselines")
    reader = HandwritingPredictor(model, alphabet, kind, config)
    report = evaluate(reader, test)
    features = [[reader.features(line) for line in some.inputs] for some in (train, test)]
    baselines = nearest_texts(features[0], train.texts, features[1], "line")
    if kind == "paper" and (read := tesseract_lines(test.inputs)):
        baselines[read[0]] = read[1]
    for name, answers in baselines.items():
        add_baseline(report, name, transcription_report(answers, test.texts, test.groups))
    return run.finish(
        reader,
        report,
        table,
        plots={"reading": reader(test.inputs[0]).plot()},
        title="Handwriting",
        limits=f"It reads single lines of {'ink' if kind == 'ink' else 'pictures'}, in hands like those "
        f"that it was trained on, and can only write the characters {alphabet.letters}",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, HandwritingConfig, "handwriting")
