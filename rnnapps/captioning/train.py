"""Train a captioner.

One training, four ways to start it:

    rnnapps train captioning                        on the named pictures that come with rnnapps
    rnnapps train captioning --data folder
    python -m rnnapps.captioning.train --help       the same command, and its flags
    train(CaptioningConfig(), {"image": [...], "caption": [...]})    from Python, on data in memory
"""

import logging
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import datasets
from rnnapps.captioning import data
from rnnapps.captioning.config import CaptioningConfig
from rnnapps.captioning.evaluate import evaluate, table
from rnnapps.captioning.predictor import CaptioningPredictor
from rnnapps.command_line import train_script
from rnnapps.metrics.captions import caption_report, import_scorers
from rnnapps.training.run import TrainingRun

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


def train(config: CaptioningConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from `image` (files, or pixels) and `caption` to lists, NumPy arrays or the
            columns of a pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("captioning", config, examples)
    config = run.config
    import_scorers()  # a missing package is told before any work
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    import keras

    from rnnapps.captioning.model import build
    from rnnapps.evaluation.caption_baselines import baseline_captions
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.training.token_loss import TokenLoss

    captions = {split: some.captions for split, some in splits.items()}
    known = list(chain.from_iterable(captions["train"]))
    sentences = (
        run.start.sentences if run.start is not None else data.learn_vocabulary(config.text, known)
    )
    encoder = start_encoder(config, run.start)
    began = time.monotonic()
    inputs = {
        split: data.network_inputs(config.encoder, encoder, some.pictures)
        for split, some in splits.items()
    }
    run.facts |= {"captions": len(known), "feature_seconds": round(time.monotonic() - began)}
    batches, validation = data.make_batches(config, inputs, captions, sentences)

    trained = config.encoder.trained
    model = build(config.model, sentences.size, batches.per_picture, encoder, trained)
    run.start_from(model, reinitialise=(encoder.name,) if trained else ())  # it has its weights already
    model.compile(
        run.optimizer(len(batches)),
        TokenLoss(config.label_smoothing),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    run.fit(model, batches, validation)

    log.info("captioning the test pictures, by the network and by the baselines")
    captioner = CaptioningPredictor(model, encoder, sentences, config)
    report = evaluate(captioner, splits["test"], known)
    # Inputs are features already, or pixels of an encoder that has now learnt.
    train, test = (
        captioner.inputs(list(inputs[split])) if trained else inputs[split]
        for split in ("train", "test")
    )
    for name, texts in baseline_captions(train, captions["train"], test).items():
        add_baseline(report, name, caption_report(texts, captions["test"], known))
    return run.finish(
        captioner,
        report,
        table,
        plots={},
        title="Captioning",
        limits="It says what pictures like those of its training most often show, and is sure of itself "
        "with others too: do not rely on what it says of people. The parameters are those beside its "
        f"image encoder, `{config.encoder.encoder}`.",
        origin=datasets.origin(data.EMBEDDED),
    )


def start_encoder(config: CaptioningConfig, start: CaptioningPredictor | None) -> "keras.Model":
    """The image encoder: that of the bundle to start from, or with the weights that the config names."""
    from rnnapps import encoders

    about = config.encoder
    if start is not None and about.encoder_weights is None and start.encoder.name == about.encoder:
        return start.encoder
    return encoders.build(about.encoder, about.encoder_weights or "imagenet")


if __name__ == "__main__":
    train_script(train, CaptioningConfig, "captioning")
