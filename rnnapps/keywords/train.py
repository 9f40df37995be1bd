"""Train a keyword recogniser.

One training, four ways to start it:

    rnnapps train keywords                           on the spoken digits that come with rnnapps
    rnnapps train keywords --data folder --sampling-rate 16000
    python -m rnnapps.keywords.train --help          the same command, and its flags
    rnnapps.keywords.train(KeywordsConfig())         the same from Python
"""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import backend, bundle
from rnnapps.command_line import parse, run
from rnnapps.keywords import data
from rnnapps.keywords.config import KeywordsConfig
from rnnapps.keywords.evaluate import card, evaluate, score_classes, table
from rnnapps.keywords.infer import KeywordRecogniser
from rnnapps.outputs import write_json
from rnnapps.training.folder import close_folder, open_folder

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)

SEARCHED = 10_000  # training clips for the baseline, at most: its time grows with their square


def train(config: KeywordsConfig) -> Path:
    """Train on the source of the config and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    start = time.monotonic()
    folder = open_folder(config.training)
    source = data.load(config)
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    # Imported only now: these import Keras, for which `--help` need not wait, and whose threads
    # have to be set first.
    from rnnapps.training.fit import fit
    from rnnapps.training.identity import training_identity

    examples, labels = source.examples, source.labels
    sizes = ", ".join(f"{len(part.clips)} {name}" for name, part in examples.items())
    log.info("%s: %s clips; classes: %s", config.source.data, sizes, ", ".join(labels))
    batches, validation = data.make_batches(config, source)
    model = make_model(config, labels, steps_per_epoch=len(batches))
    spectrograms = {name: log_mels(model, part, data.length(config)) for name, part in examples.items()}
    if config.training.init_from is None:
        frames = spectrograms["train"].reshape(-1, config.model.mels)
        model.get_layer("normalisation").adapt(frames)
    environment = backend.describe()
    log.info("%d parameters; %s", model.count_params(), environment["backend"])
    identity = training_identity(config, [*batches.sequences, batches.targets])
    history = fit(model, batches, validation, config.training, folder, identity)

    log.info("scoring the test clips; fitting and scoring the scikit-learn baseline")
    test = examples["test"]
    recogniser = KeywordRecogniser(model, config, labels)
    probabilities = recogniser.probabilities(test.clips)
    metrics = evaluate(recogniser, test, probabilities) | {
        "baseline": baseline(spectrograms, examples, labels),
        "data": {"source": config.source.data, "part": "test", "digest": test.digest()},
        "training": {
            "rows": len(batches.sequences),
            "seed": config.training.seed,
            "epochs": len(history),
            "seconds": round(sum(logs["seconds"] for logs in history)),
            "parameters": model.count_params(),
            "valid_accuracy": min(history, key=lambda logs: logs["val_loss"])["val_accuracy"],
        },
        "environment": environment,
    }
    output = write_bundle(config, model, labels, metrics, history, (test.classes, probabilities))
    close_folder(folder)
    print(table(metrics))
    log.info("%s: written, after %d seconds in all", output, time.monotonic() - start)
    log.info("try it: rnnapps predict keywords --model %s FILE.wav", output)
    return output


def make_model(config: KeywordsConfig, labels: tuple[str, ...], steps_per_epoch: int) -> "keras.Model":
    """The network with its starting weights, compiled for training."""
    import keras

    from rnnapps.keywords.model import build
    from rnnapps.training.optimizer import make_optimizer

    model = build(config.model, config.source.sampling_rate, config.clips.seconds, len(labels))
    if config.training.init_from is not None:
        set_starting_weights(model, config, labels)
    model.compile(
        optimizer=make_optimizer(config.training, steps_per_epoch),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=config.label_smoothing
        ),
        metrics=["accuracy"],
    )
    return model


def set_starting_weights(model: "keras.Model", config: KeywordsConfig, labels: tuple[str, ...]) -> None:
    """Give a new network the weights of the bundle to start from; other classes start anew."""
    from rnnapps.training.starting_weights import copy_weights

    path = bundle.find(config.training.init_from)
    same_classes = tuple(bundle.check(path, "keywords")["labels"]) == labels
    if not same_classes:
        log.info("%s: it has other classes: the last layer starts anew", path)
    copy_weights(path, model, anew=() if same_classes else ("classes",))


def log_mels(model: "keras.Model", examples: data.Examples, length: int) -> "np.ndarray":
    """The spectrograms that the network makes of clips, float32 `(rows, time, mels)`."""
    import numpy as np
    from keras import ops

    from rnnapps.data.sound_window import sound_window

    layer, rows = model.get_layer("log_mel"), []
    for start in range(0, len(examples.clips), 256):
        windows = [sound_window(clip, length) for clip in examples.clips[start : start + 256]]
        rows.append(ops.convert_to_numpy(layer(np.stack(windows))))
    return np.concatenate(rows)


def baseline(
    spectrograms: "dict[str, np.ndarray]", examples: dict[str, data.Examples], labels: tuple[str, ...]
) -> dict[str, Any]:
    """The scores of the baseline on the test clips."""
    import numpy as np

    from rnnapps.metrics.sound_baseline import mfcc_baseline

    x, y = spectrograms["train"], examples["train"].classes
    if len(x) > SEARCHED:
        log.info("the baseline learns from %d of the training clips", SEARCHED)
        chosen = np.random.default_rng(0).permutation(len(x))[:SEARCHED]
        x, y = x[chosen], y[chosen]
    valid = spectrograms["valid"], examples["valid"].classes
    name, predicted = mfcc_baseline((x, y), valid, spectrograms["test"])
    return {"name": name} | score_classes(examples["test"].classes, predicted, labels)


def write_bundle(
    config: KeywordsConfig,
    model: "keras.Model",
    labels: tuple[str, ...],
    metrics: dict[str, Any],
    history: list[dict[str, float]],
    scored: "tuple[np.ndarray, np.ndarray]",
) -> Path:
    """Write all that serving needs, with scores, plots and card, and return its path.

    `scored` are the classes and the probabilities of the test clips.
    """
    from rnnapps.plots import plot_confusion_matrix, plot_det_curve, plot_learning_curve

    output = Path(config.training.output)
    settings = {"labels": labels, "config": asdict(config)}
    with bundle.writing(output) as folder:
        bundle.save_model(model, folder)
        write_json(folder / bundle.CONFIG, bundle.identity("keywords") | settings)
        write_json(folder / bundle.METRICS, metrics)
        plot_learning_curve(history, "accuracy").savefig(folder / "learning_curve.png")
        plot_confusion_matrix(metrics["confusion_matrix"], labels).savefig(
            folder / "confusion_matrix.png"
        )
        plot_det_curve(*scored, labels).savefig(folder / "det_curve.png")
        (folder / bundle.CARD).write_text(card(config, labels, metrics), encoding="utf-8")
    return output


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    train(parse(KeywordsConfig, arguments, prog="rnnapps train keywords"))


if __name__ == "__main__":
    run(main)
