"""Train a chat.

One training, four ways to start it:

    rnnapps train chat                                    on the conversations that come with rnnapps
    rnnapps train chat --data conversations.txt           on your own: a turn a line
    python -m rnnapps.chat.train --help                   the same command, and its flags
    train(ChatConfig(), {"turns": [[...], ...]})          from Python, on conversations in memory
"""

import logging
from pathlib import Path
from typing import Any

from rnnapps import datasets
from rnnapps.chat import data
from rnnapps.chat.config import ChatConfig
from rnnapps.chat.evaluate import evaluate, retrieval_scores, table
from rnnapps.chat.predictor import ChatPredictor
from rnnapps.command_line import train_script
from rnnapps.data.text.token_encoder import TokenEncoder
from rnnapps.training.run import TrainingRun

log = logging.getLogger(__name__)


def train(config: ChatConfig, examples: Any = None) -> Path:
    """Train on the source of the config, or on columns in memory, and return the path of the bundle.

    Args:
        config: of the source, the tokens, the network and the training.
        examples: a mapping from the name of a column (`turns`) to a list, a NumPy array or the column of
            a pandas DataFrame, or one from the names of splits to such.

    Raises:
        rnnapps.errors.UserError: with what is wrong and what to do, in one line.
    """
    run = TrainingRun("chat", config, examples)
    config = run.config
    splits = data.load(config, examples)
    run.begin(splits)
    # Imported only now: these import Keras, whose threads have to be set first.
    from rnnapps.chat.model import build, for_training
    from rnnapps.evaluation.report import add_baseline
    from rnnapps.inference.text_generator import TextGenerator
    from rnnapps.training.vocabulary_loss import VocabularyLoss

    if run.start is not None:
        encoder = run.start.encoder.of(config.text, config.training.init_from)
    else:
        encoder = TokenEncoder.learn(splits["train"].texts, config.text)
    batches, validation = data.make_batches(config, splits, encoder)

    network = build(config.model, encoder.size)
    run.start_from(network)
    lanes = config.training.batch_size
    model = for_training(network, lanes)
    loss = VocabularyLoss(network.get_layer("embedding"), lanes, batches.lengths[-1])
    model.compile(run.optimizer(len(batches)), loss)
    run.fit(model, batches, validation)
    run.facts["parameters"] = network.count_params()  # without the states that it carries on

    log.info("scoring the replies, by the network and by retrieval")
    predictor, test = ChatPredictor(TextGenerator(network, encoder), config), splits["test"]
    report = evaluate(predictor, test)
    scores = retrieval_scores(splits["train"].texts, test.texts)
    add_baseline(report, "retrieval by TF-IDF", {"rows": len(test)} | scores)
    return run.finish(
        predictor,
        report,
        table,
        plots={},
        title="A chat",
        limits="It is a small model of how people talk, and no assistant: it understands nothing, "
        "remembers little, makes up what it says of itself and of the world, and may offend although a "
        "short list of words is kept from its replies. Do not let it talk for you, or to people who do "
        "not know what it is.",
        origin=datasets.origin(data.EMBEDDED),
    )


if __name__ == "__main__":
    train_script(train, ChatConfig, "chat")
