"""Train a translator.

One training, four ways to start it:

    rnnapps train translation                        on the English-French pairs that come with rnnapps
    rnnapps train translation --data folder --source-language de --target-language en
    python -m rnnapps.translation.train --help       the same command, and its flags
    train(TranslationConfig(), {"en": [...], "fr": [...]})    from Python, on data in memory
"""

import logging
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.training.run import TrainingRun
from rnnapps.translation import data
from rnnapps.translation.config import TranslationConfig
from rnnapps.translation.evaluate import evaluate, table
from rnnapps.translation.predictor import TranslationPredictor

log = logging.getLogger(__name__)


def train(config: TranslationConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the network and the training.
        examples: a mapping from the languages (`en`, `fr`) to lists, NumPy arrays or the columns of a
            pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("translation", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    import keras

    from rnnapps.data.text.embeddings import read_embeddings
    from rnnapps.evaluation.plots import plot_alignment
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.evaluation.translation_memory import TranslationMemory
    from rnnapps.metrics.translation import translation_report
    from rnnapps.training.token_loss import TokenLoss
    from rnnapps.translation.model import build

    train, source = splits["train"].pairs, config.source
    encoders = run.start.encoders if run.start is not None else data.learn_encoders(config.text, train)
    batches, validation = data.make_batches(config, splits, encoders)

    model = build(config.model, *(encoder.size for encoder in encoders))
    run.start_from(model)
    files = (config.text.source_embeddings, config.text.target_embeddings)
    layers = (model.get_layer("source_embedding"), model.get_layer("decoder").embedding)
    for file, layer, encoder in zip(files, layers, encoders, strict=True):
        if file is not None:
            size, seed = config.model.embedding_size, config.training.seed
            layer.set_weights([read_embeddings(file, encoder.tokenizer, size, seed)])
    model.compile(
        run.optimizer(len(batches)),
        TokenLoss(config.label_smoothing),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    run.fit(model, batches, validation)

    log.info("translating the test sentences, by the network and by the baselines")
    translate = TranslationPredictor(model, encoders, config)
    report = evaluate(translate, splits["test"])
    sources, references = splits["test"].scored
    memory = TranslationMemory().fit([pair.source for pair in train], [pair.target for pair in train])
    translations = memory.translate(sources)
    scores = translation_report(translations, references, source.target_language)
    add_baseline(report, memory.name, scores)
    best = translate(sources[len(sources) // 2]).hypotheses[0].alignment
    return run.finish(
        translate,
        report,
        table,
        plots={"alignment": plot_alignment(best.source, best.target, best.weights)},
        title=f"Translation: {source.source_language} to {source.target_language}",
        limits="It translates one sentence at a time, of the kind that it was trained on, and is sure "
        "of itself with others too: read what it writes before you rely on it.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, TranslationConfig, "translation")
