"""Train a captioner.

One training, four ways to start it:

    rnnapps train captioning                        on the named pictures that come with rnnapps
    rnnapps train captioning --data folder
    python -m rnnapps.captioning.train --help       the same command, and its flags
    rnnapps.captioning.train(CaptioningConfig())    the same from Python
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import backend, bundle
from rnnapps.captioning import data
from rnnapps.captioning.config import CaptioningConfig
from rnnapps.captioning.evaluate import card, evaluate, table
from rnnapps.captioning.infer import ENCODER, TOKENIZER, Captioner, load_encoder
from rnnapps.command_line import parse, run
from rnnapps.data.sentence_encoder import SentenceEncoder
from rnnapps.outputs import write_json
from rnnapps.training.folder import close_folder, open_folder

if TYPE_CHECKING:
    import keras
    import numpy as np

log = logging.getLogger(__name__)


def train(config: CaptioningConfig) -> Path:
    """Train on the source of the config and return the path of the bundle.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    start = time.monotonic()
    folder = open_folder(config.training)
    parts = data.load(config.source)
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    # Imported only now: these import Keras, for which `--help` need not wait, and whose threads
    # have to be set first.
    from rnnapps.metrics.captions import import_scorers
    from rnnapps.training.fit import fit
    from rnnapps.training.identity import training_identity

    import_scorers()  # told before any work
    captions = {name: [list(one.captions) for one in pictures] for name, pictures in parts.items()}
    for name, pictures in parts.items():
        number = sum(map(len, captions[name]))
        log.info("%s: %d %s pictures with %d captions", config.source.data, len(pictures), name, number)
    sentences = starting_vocabulary(config, captions["train"])
    encoder = starting_encoder(config)
    feature_start = time.monotonic()
    size = encoder.input_shape[1:3]
    frozen = None if config.encoder.trained else encoder
    inputs = {
        name: data.inputs_of(pictures, frozen, config.encoder, size) for name, pictures in parts.items()
    }
    feature_seconds = round(time.monotonic() - feature_start)
    batches, validation = data.make_batches(config, inputs, captions, sentences)
    model = make_model(config, sentences, encoder, batches.per_picture, len(batches))
    environment = backend.describe()
    log.info(
        "%d parameters; vocabulary of %d tokens; %s",
        *(model.count_params(), sentences.size, environment["backend"]),
    )
    identity = training_identity(config, chain.from_iterable(batches.sequences))
    identity["pictures"] = data.digest(parts["train"])
    history = fit(model, batches, validation, config.training, folder, identity)

    log.info("captioning the test pictures, by the network and by the baselines")
    captioner = Captioner(model, encoder, sentences, config)
    known = list(chain.from_iterable(captions["train"]))
    features = inputs
    if frozen is None:  # these are pixels
        features = {name: captioner.inputs(inputs[name]) for name in ("train", "test")}
    metrics = evaluate(captioner, features["test"], captions["test"], known) | {
        "baselines": baselines(features, captions, known),
        "data": {
            "source": config.source.data,
            "part": "test",
            "digest": data.digest(parts["test"]),
        },
        "training": {
            "pictures": len(parts["train"]),
            "captions": len(known),
            "seed": config.training.seed,
            "epochs": len(history),
            "seconds": round(sum(logs["seconds"] for logs in history)),
            "feature_seconds": feature_seconds,
            "parameters": model.count_params(),
            "valid_loss": min(logs["val_loss"] for logs in history),
        },
        "environment": environment,
    }
    output = write_bundle(config, captioner, metrics, history)
    close_folder(folder)
    print(table(metrics))
    log.info("%s: written, after %d seconds in all", output, time.monotonic() - start)
    log.info("try it: rnnapps predict captioning --model %s PICTURE", output)
    return output


def starting_vocabulary(config: CaptioningConfig, captions: Sequence[Sequence[str]]) -> SentenceEncoder:
    """The vocabulary of the bundle to start from, or the one of the training captions."""
    if config.training.init_from is None:
        return data.learn_vocabulary(config.text, list(chain.from_iterable(captions)))
    path = bundle.find(config.training.init_from)
    bundle.check(path, "captioning")
    return SentenceEncoder.load(path / TOKENIZER)


def starting_encoder(config: CaptioningConfig) -> "keras.Model":
    """The image encoder: with the weights that the config names, or of the bundle to start from."""
    from rnnapps import encoders

    if config.training.init_from is not None and config.encoder.encoder_weights is None:
        path = bundle.find(config.training.init_from)
        first = bundle.config_of(CaptioningConfig(), bundle.check(path, "captioning"))
        if first.encoder.encoder == config.encoder.encoder:
            return load_encoder(path, first)
    return encoders.build(config.encoder.encoder, config.encoder.encoder_weights or "imagenet")


def make_model(
    config: CaptioningConfig,
    sentences: SentenceEncoder,
    encoder: "keras.Model",
    per_picture: int,
    steps_per_epoch: int,
) -> "keras.Model":
    """The network with its starting weights, compiled for training."""
    from rnnapps.captioning.model import build
    from rnnapps.training.starting_weights import copy_weights
    from rnnapps.training.token_loss import compile_model

    model = build(config.model, sentences.size, per_picture, encoder, config.encoder.trained)
    if config.training.init_from is not None:
        anew = (encoder.name,) if config.encoder.trained else ()  # it has its own already
        copy_weights(bundle.find(config.training.init_from), model, anew=anew)
    compile_model(model, config.training, config.label_smoothing, steps_per_epoch)
    return model


def baselines(
    features: "dict[str, np.ndarray]", captions: dict[str, list[list[str]]], known: list[str]
) -> dict[str, Any]:
    """The scores of the most frequent caption, and of that of the nearest training picture.

    `features` are those of the encoder, `(pictures, rows, columns, channels)`.
    """
    from rnnapps.metrics.caption_baselines import most_frequent_caption, nearest_captions
    from rnnapps.metrics.captions import caption_report

    train, test = (features[name].mean(axis=(1, 2), dtype="float32") for name in ("train", "test"))
    frequent = most_frequent_caption(captions["train"])
    texts = {
        "nearest training picture": nearest_captions(train, captions["train"], test),
        "most frequent caption": [frequent] * len(test),
    }
    return {name: caption_report(some, captions["test"], known) for name, some in texts.items()}


def write_bundle(
    config: CaptioningConfig,
    captioner: Captioner,
    metrics: dict[str, Any],
    history: list[dict[str, float]],
) -> Path:
    """Write all that serving needs, with scores, plot and card, and return its path."""
    from rnnapps.plots import plot_learning_curve

    output = Path(config.training.output)
    with bundle.writing(output) as folder:
        bundle.save_model(captioner.model, folder)
        if not config.encoder.trained and not data.ships(config.encoder):
            captioner.encoder.save(folder / ENCODER)
        captioner.sentences.save(folder / TOKENIZER)
        settings = bundle.identity("captioning") | {"config": asdict(config)}
        write_json(folder / bundle.CONFIG, settings)
        write_json(folder / bundle.METRICS, metrics)
        plot_learning_curve(history, "accuracy").savefig(folder / "learning_curve.png")
        (folder / bundle.CARD).write_text(card(config, metrics), encoding="utf-8")
    return output


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    train(parse(CaptioningConfig, arguments, prog="rnnapps train captioning"))


if __name__ == "__main__":
    run(main)
