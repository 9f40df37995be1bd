"""Train a sentiment classifier.

One training, four ways to start it:

    rnnapps train sentiment                          on the sentences that come with rnnapps
    rnnapps train sentiment --data reviews.csv       on your own
    python -m rnnapps.sentiment.train --help         the same command, and its flags
    train(SentimentConfig(), {"text": [...], "label": [...]})     from Python, on data in memory
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnapps import bundle, datasets
from rnnapps.command_line import train_script
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.sentiment import data
from rnnapps.sentiment.config import GLOVE, SentimentConfig
from rnnapps.sentiment.evaluate import evaluate, plot, table
from rnnapps.sentiment.predictor import SentimentPredictor
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: SentimentConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from the names of columns (`text`, `label`) to lists, NumPy arrays or the
            columns of a pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    if config.init_backward is not None:
        for reader in (config.training.init_from, config.init_backward):
            bundle.check(bundle.find(str(reader)), "language_model")
    run = TrainingRun("sentiment", config, examples, starts=("language_model",))
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    from rnnapps.data.text.embeddings import embed_words, read_embeddings
    from rnnapps.encoders.word_vectors import glove
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.evaluation.text_baseline import tfidf_baseline
    from rnnapps.metrics.classification import classification_report
    from rnnapps.sentiment.language_models import copy_language_models, tokenizer_of
    from rnnapps.sentiment.model import build
    from rnnapps.training.linear_part import with_linear_part

    train, test, labels = splits["train"], splits["test"], splits["train"].labels
    log.info("classes: %s", ", ".join(labels))
    embeddings = config.text.embeddings
    vectors = glove() if embeddings == GLOVE else {}
    read_before = run.start is not None and run.start.application == "language_model"
    if read_before:
        encoder = TextEncoder(tokenizer_of(run.start, config), config.text)
    elif run.start is not None:
        encoder = TextEncoder(run.start.encoder.tokenizer, config.text)
    else:
        encoder = TextEncoder.learn(train.inputs, config.text, list(vectors))
    batches, validation = data.make_batches(config, splits, encoder)

    model = build(config.model, encoder.size, len(labels))
    if read_before:
        copy_language_models(model, run.start, config)
    else:
        run.start_from(model, labels=labels)
    if embeddings is not None:
        size, seed = config.model.embedding_size, config.training.seed
        if vectors:
            matrix = embed_words(vectors, encoder.tokenizer, size, seed, embeddings)
        else:
            matrix = read_embeddings(embeddings, encoder.tokenizer, size, seed)
        model.get_layer("embedding").set_weights([matrix])
    model.compile(run.optimizer(len(batches)), "categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, batches, validation)
    if not encoder.has_subwords:
        # A quarter of the bytes: most of these words were never read. The scores are of what is saved.
        model.get_layer("embedding").quantize("int8")

    predictor = SentimentPredictor(model, encoder, labels, config)
    known = train.labelled(), splits["validation"].labelled()
    balance = "balanced" if config.class_weights else None
    if config.model.linear:
        read = (train, batches), (splits["validation"], validation)
        encoded, held_out = (replace(some, inputs=ids.sequences).labelled() for some, ids in read)
        answers = predictor.probabilities(known[1][0])
        model = with_linear_part(model, encoder.size, encoded, held_out, answers, balance)
        run.facts["parameters"] = model.count_params()
        predictor = SentimentPredictor(model, encoder, labels, config)

    log.info("scoring the test texts, and fitting the scikit-learn baseline")
    report = evaluate(predictor, test)
    name, probabilities = tfidf_baseline(*known, test.inputs, balance)
    add_baseline(report, name, classification_report(test.classes, probabilities, labels))
    return run.finish(
        predictor,
        report,
        table,
        plots={"confusion_matrix": plot(predictor, test, report)},
        title=f"Sentiment: {' or '.join(labels)}",
        limits=f"It reads {config.text.max_length} tokens of a text (of longer ones: "
        f"{config.text.long_texts}). It knows the language and kind of text that it was trained on, and "
        f"gives a class to any other text too.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, SentimentConfig, "sentiment")
