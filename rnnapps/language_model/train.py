"""Train a language model.

One training, four ways to start it:

    rnnapps train language_model                          on the speeches that come with rnnapps
    rnnapps train language_model --data book.txt --tokens characters
    python -m rnnapps.language_model.train --help         the same command, and its flags
    train(LanguageModelConfig(), {"text": [...]})         from Python, on documents in memory
"""

import logging
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.command_line import train_script
from rnnapps.data.text.documents import encode_documents
from rnnapps.data.text.token_encoder import TokenEncoder
from rnnapps.language_model import data
from rnnapps.language_model.config import LanguageModelConfig
from rnnapps.language_model.evaluate import evaluate, table
from rnnapps.language_model.predictor import LanguageModelPredictor
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: LanguageModelConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the tokens, the network and the training.
        examples: a mapping from the name of a column (`text`) to a list, a NumPy array or the column of
            a pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("language_model", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    from rnnapps.evaluation.language_baselines import language_baselines
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.inference.text_generator import TextGenerator
    from rnnapps.language_model.model import build, for_training
    from rnnapps.metrics.language import language_report
    from rnnapps.training.vocabulary_loss import VocabularyLoss

    if run.start is not None:
        encoder = run.start.encoder.of(config.text, config.training.init_from)
    else:
        encoder = TokenEncoder.learn(splits["train"].texts, config.text)
    batches, validation = data.make_batches(config, splits, encoder)

    network = build(config.model, encoder.size)
    turned = run.start is not None and run.start.config.text.direction != config.text.direction
    run.start_from(network, reinitialise=("recurrent", "projection") if turned else ())
    # Two directions are to fit into one classifier, which has one embedding.
    network.get_layer("embedding").trainable = not turned
    lanes, longest = config.training.batch_size, batches.lengths[-1]
    model = for_training(network, lanes)
    loss = VocabularyLoss(network.get_layer("embedding"), lanes, longest)
    model.compile(run.optimizer(len(batches)), loss)
    run.fit(model, batches, validation)
    run.facts["parameters"] = network.count_params()  # without the states that it carries on

    log.info("scoring the test documents, by the network and by n-grams")
    predictor, test = LanguageModelPredictor(TextGenerator(network, encoder), config), splits["test"]
    report = evaluate(predictor, test)
    ids = encode_documents(test, encoder)
    documents = {"train": batches.documents, "validation": validation.documents, "test": ids}
    for name, values in language_baselines(documents, encoder.size):
        add_baseline(report, name, language_report(values, test.texts, config.text.tokens))
    return run.finish(
        predictor,
        report,
        table,
        plots={},
        title=f"A language model of {config.text.tokens}",
        limits="It writes what sounds like the texts of its training, and knows nothing: names, numbers "
        "and claims in what it writes are made up.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, LanguageModelConfig, "language_model")
