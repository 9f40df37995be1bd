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
from typing import TYPE_CHECKING

from rnnapps import backend, bundle
from rnnapps.command_line import parse, run
from rnnapps.errors import UserError
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.training.folder import close_folder, open_folder

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rnnapps.data.text_encoder import TextEncoder

log = logging.getLogger(__name__)


def train(config: SentimentConfig) -> Path:
    """Train on the source of the config and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    start = time.monotonic()
    folder = open_folder(config.training)
    backend.prepare(config.training)
    # Imported only now: they import Keras, for which `--help` need not wait, and whose threads
    # have to be set first.
    from rnnapps.data.bpe_dropout import BPEDropout
    from rnnapps.data.bucketed_batches import BucketedBatches
    from rnnapps.metrics.classification import classification_report
    from rnnapps.metrics.text_baseline import tfidf_baseline
    from rnnapps.sentiment import data
    from rnnapps.sentiment.evaluate import card, evaluate, table
    from rnnapps.sentiment.infer import SentimentPredictor
    from rnnapps.sentiment.model import build
    from rnnapps.training.fit import fit
    from rnnapps.training.identity import training_identity
    from rnnapps.training.optimizer import make_optimizer
    from rnnapps.training.plots import plot_confusion_matrix, plot_learning_curve

    examples, labels = data.load(config.source)
    train_rows, valid_rows, test_rows = (examples[part] for part in ("train", "valid", "test"))
    log.info(
        "%s: %d training, %d validation, %d test rows; classes: %s",
        config.source.data,
        *(len(part.texts) for part in examples.values()),
        ", ".join(labels),
    )

    encoder = starting_encoder(config, train_rows.texts)
    sequences = encoder.encode(train_rows.texts, "training texts")
    batches = BucketedBatches(
        sequences,
        train_rows.targets,
        config.training.batch_size,
        config.training.seed,
        weights=balancing_weights(train_rows.targets) if config.class_weights else None,
        resample=BPEDropout(encoder, train_rows.texts, config.text.bpe_dropout, config.training.seed)
        if config.text.bpe_dropout
        else None,
    )
    validation = BucketedBatches(
        encoder.encode(valid_rows.texts, "validation texts"), valid_rows.targets, batch_size=128
    )
    model = build(config.model, encoder.size, len(labels))
    set_starting_weights(model, config, encoder)
    model.compile(
        optimizer=make_optimizer(config.training, len(batches)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    environment = backend.describe()
    log.info(
        "%s parameters, of which %s in the embedding of %d tokens; %s",
        f"{model.count_params():,}",
        f"{model.get_layer('embedding').count_params():,}",
        encoder.size,
        environment["backend"],
    )
    identity = training_identity(config, [*sequences, train_rows.targets])
    history = fit(model, batches, validation, config.training, folder, identity)

    log.info("scoring the test rows; fitting and scoring the scikit-learn baseline")
    baseline, baseline_probabilities = tfidf_baseline(
        train_rows.labelled(),
        valid_rows.labelled(),
        test_rows.texts,
        "balanced" if config.class_weights else None,
    )
    metrics = evaluate(SentimentPredictor(model, encoder, labels), test_rows)
    metrics["baseline"] = {"name": baseline} | classification_report(
        test_rows.classes, baseline_probabilities, labels
    )
    metrics["data"] = {"source": config.source.data, "part": "test", "digest": test_rows.digest()}
    metrics["training"] = {
        "rows": len(train_rows.texts),
        "seed": config.training.seed,
        "epochs": len(history),
        "seconds": round(sum(logs["seconds"] for logs in history)),
        "parameters": model.count_params(),
        "valid_accuracy": max(logs["val_accuracy"] for logs in history),
    }
    metrics["environment"] = environment

    output = Path(config.training.output)
    with bundle.writing(output) as temporary:
        bundle.save_model(model, temporary)
        encoder.save(temporary / "tokenizer.json")
        settings = {"labels": labels, "config": asdict(config)}
        bundle.write_json(temporary / bundle.CONFIG, bundle.identity("sentiment") | settings)
        bundle.write_json(temporary / bundle.METRICS, metrics)
        plot_learning_curve(history, temporary / "learning_curve.png", "accuracy")
        plot_confusion_matrix(metrics["confusion_matrix"], labels, temporary / "confusion_matrix.png")
        (temporary / bundle.CARD).write_text(card(config, labels, metrics), encoding="utf-8")
    close_folder(folder)
    print(table(metrics))
    log.info(
        '%s: written, %d seconds in all. Try it: rnnapps predict sentiment --model %s "..."',
        output,
        time.monotonic() - start,
        output,
    )
    return output


def starting_encoder(config: SentimentConfig, texts: list[str]) -> "TextEncoder":
    """The encoder of the bundle to start from, or one learnt from the training texts."""
    from rnnapps.data.text_encoder import TextEncoder

    if config.training.init_from is None:
        return TextEncoder.learn(texts, config.text)
    path = bundle.find(config.training.init_from)
    bundle.check(path, "sentiment")
    return TextEncoder.load(path / "tokenizer.json", config.text)


def set_starting_weights(model: "keras.Model", config: SentimentConfig, encoder: "TextEncoder") -> None:
    """Give a new network the weights of the bundle to start from, or pretrained word vectors."""
    if config.training.init_from is not None:
        path = bundle.find(config.training.init_from)
        for layer, source in zip(model.layers, bundle.load_model(path).layers, strict=False):
            if [w.shape for w in layer.weights] == [w.shape for w in source.weights]:
                layer.set_weights(source.get_weights())
            elif layer.name == "classes":
                log.info("%s: it has other classes: the last layer starts anew", path)
            else:
                raise UserError(
                    f"{path}: its layer '{source.name}' has other shapes: give the flags of the "
                    f"network that are in its {bundle.CONFIG}"
                )
    elif config.text.embeddings is not None:
        from rnnapps.data.embeddings import read_embeddings

        matrix = read_embeddings(
            config.text.embeddings, encoder, config.model.embedding_size, config.training.seed
        )
        model.get_layer("embedding").set_weights([matrix])


def balancing_weights(targets: "np.ndarray") -> "np.ndarray":
    """Weights of rows, float32 `(rows,)`, by which each class counts the same."""
    frequency = targets.mean(axis=0)
    return (targets / (frequency * len(frequency))).sum(axis=1).astype("float32")


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    train(parse(SentimentConfig, arguments, prog="rnnapps train sentiment"))


if __name__ == "__main__":
    run(main)
