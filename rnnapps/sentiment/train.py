"""Train a sentiment classifier.

One training, four ways to start it:

    rnnapps train sentiment                          on the sentences that come with rnnapps
    rnnapps train sentiment --data reviews.csv       on your own
    python -m rnnapps.sentiment.train --help         the same command, and its flags
    rnnapps.sentiment.train(SentimentConfig())       the same from Python
"""

import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import backend, bundle
from rnnapps.command_line import parse, run
from rnnapps.data.text_encoder import TextEncoder
from rnnapps.outputs import write_json
from rnnapps.sentiment import data
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.sentiment.evaluate import card, evaluate, table
from rnnapps.sentiment.infer import SentimentPredictor
from rnnapps.training.folder import close_folder, open_folder

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


def train(config: SentimentConfig) -> Path:
    """Train on the source of the config and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    start = time.monotonic()
    folder = open_folder(config.training)
    examples, labels = data.load(config.source)
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    # Imported only now: these import Keras, for which `--help` need not wait, and whose threads
    # have to be set first.
    from rnnapps.metrics.classification import classification_report
    from rnnapps.metrics.text_baseline import tfidf_baseline
    from rnnapps.training.fit import fit
    from rnnapps.training.identity import training_identity

    sizes = ", ".join(f"{len(part.texts)} {name}" for name, part in examples.items())
    log.info("%s: %s rows; classes: %s", config.source.data, sizes, ", ".join(labels))
    encoder = starting_encoder(config, examples["train"].texts)
    batches, validation = data.make_batches(config, examples, encoder)
    model = make_model(config, encoder, labels, steps_per_epoch=len(batches))
    environment = backend.describe()
    embedding = model.get_layer("embedding").count_params()
    log.info(
        "%d parameters, of which %d in the embedding of %d tokens; %s",
        *(model.count_params(), embedding, encoder.size, environment["backend"]),
    )
    identity = training_identity(config, [*batches.sequences, batches.targets])
    history = fit(model, batches, validation, config.training, folder, identity)

    log.info("scoring the test rows; fitting and scoring the scikit-learn baseline")
    test = examples["test"]
    metrics = evaluate(SentimentPredictor(model, encoder, labels), test)
    name, probabilities = tfidf_baseline(
        examples["train"].labelled(),
        examples["valid"].labelled(),
        test.texts,
        "balanced" if config.class_weights else None,
    )
    metrics |= {
        "baseline": {"name": name} | classification_report(test.classes, probabilities, labels),
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
    output = write_bundle(config, model, encoder, labels, metrics, history)
    close_folder(folder)
    print(table(metrics))
    log.info("%s: written, after %d seconds in all", output, time.monotonic() - start)
    log.info('try it: rnnapps predict sentiment --model %s "..."', output)
    return output


def starting_encoder(config: SentimentConfig, texts: list[str]) -> TextEncoder:
    """The encoder of the bundle to start from, or one learnt from the training texts."""
    if config.training.init_from is None:
        return TextEncoder.learn(texts, config.text)
    path = bundle.find(config.training.init_from)
    bundle.check(path, "sentiment")
    return TextEncoder.load(path / "tokenizer.json", config.text)


def make_model(
    config: SentimentConfig, encoder: TextEncoder, labels: tuple[str, ...], steps_per_epoch: int
) -> "keras.Model":
    """The network with its starting weights, compiled for training."""
    from rnnapps.sentiment.model import build
    from rnnapps.training.optimizer import make_optimizer

    model = build(config.model, encoder.size, len(labels))
    set_starting_weights(model, config, encoder, labels)
    model.compile(
        optimizer=make_optimizer(config.training, steps_per_epoch),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def set_starting_weights(
    model: "keras.Model", config: SentimentConfig, encoder: TextEncoder, labels: tuple[str, ...]
) -> None:
    """Give a new network the weights of the bundle to start from, or pretrained word vectors."""
    if config.training.init_from is not None:
        from rnnapps.training.starting_weights import copy_weights

        path = bundle.find(config.training.init_from)
        same_classes = tuple(bundle.check(path)["labels"]) == labels
        if not same_classes:
            log.info("%s: it has other classes: the last layer starts anew", path)
        copy_weights(path, model, anew=() if same_classes else ("classes",))
    elif config.text.embeddings is not None:
        from rnnapps.data.embeddings import read_embeddings

        matrix = read_embeddings(
            config.text.embeddings,
            encoder.tokenizer,
            config.model.embedding_size,
            config.training.seed,
        )
        model.get_layer("embedding").set_weights([matrix])


def write_bundle(
    config: SentimentConfig,
    model: "keras.Model",
    encoder: TextEncoder,
    labels: tuple[str, ...],
    metrics: dict[str, Any],
    history: list[dict[str, float]],
) -> Path:
    """Write all that serving needs, with scores, plots and card, and return its path."""
    from rnnapps.plots import plot_confusion_matrix, plot_learning_curve

    output = Path(config.training.output)
    settings = {"labels": labels, "config": asdict(config)}
    with bundle.writing(output) as folder:
        bundle.save_model(model, folder)
        encoder.save(folder / "tokenizer.json")
        write_json(folder / bundle.CONFIG, bundle.identity("sentiment") | settings)
        write_json(folder / bundle.METRICS, metrics)
        plot_learning_curve(history, "accuracy").savefig(folder / "learning_curve.png")
        plot_confusion_matrix(metrics["confusion_matrix"], labels).savefig(
            folder / "confusion_matrix.png"
        )
        (folder / bundle.CARD).write_text(card(config, labels, metrics), encoding="utf-8")
    return output


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    train(parse(SentimentConfig, arguments, prog="rnnapps train sentiment"))


if __name__ == "__main__":
    run(main)
