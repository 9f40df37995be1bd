"""Score a language model beside its baselines.

On the documents that were held out of its training, or on others:

    rnnapps evaluate language_model --model runs/language_model
    rnnapps evaluate language_model --data book.txt --dynamic-rate 0.1 --json scores.json
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.text.document_source_config import DocumentSourceConfig
from rnnapps.data.text.documents import Documents, encode_documents
from rnnapps.errors import require
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, scores_table

if TYPE_CHECKING:
    from rnnapps.language_model.predictor import LanguageModelPredictor

COLUMNS: dict[str, Column] = {
    "perplexity": ("perplexity by token", "{:,.1f}"),
    "word_perplexity": ("by word", "{:,.1f}"),
    "loss": ("nats by token", "{:.3f}"),
    "bits_per_character": ("bits by character", "{:.3f}"),
    "bits_per_byte": ("bits by byte", "{:.3f}"),
}


def evaluate(
    predictor: "LanguageModelPredictor", documents: Documents, dynamic_rate: float = 0.0
) -> dict[str, Any]:
    """Score a language model on documents, each from its beginning to its end with one state.

    Args:
        predictor: the model.
        documents: what it is scored on.
        dynamic_rate: if above 0, the rate at which it learns from each piece after it was scored
            (dynamic evaluation, Krause et al. 2018); it forgets this at the end of the document.

    Returns:
        The report of `rnnapps.metrics.language.language_report`; the baseline is all tokens equally
        likely.
    """
    from rnnapps.metrics.language import language_report

    encoder = predictor.encoder
    ids, tokens = encode_documents(documents, encoder), str(predictor.config.text.tokens)
    if dynamic_rate:
        values = dynamic_log_probabilities(predictor, ids, dynamic_rate)
        tokens = f"{tokens}, learning at {dynamic_rate:g} while it reads"
    else:
        values = predictor.generator.log_probabilities(ids)
    scores = language_report(values, documents.texts, tokens)
    uniform = [np.full(len(some), -np.log(encoder.size)) for some in ids]
    baseline = language_report(uniform, documents.texts, tokens)
    return report(documents.digest(), scores, {"all tokens equally likely": baseline})


def dynamic_log_probabilities(
    predictor: "LanguageModelPredictor", documents: list[np.ndarray], rate: float
) -> list[np.ndarray]:
    """The log-probabilities of each document's pieces by a network that learns from each piece once it
    is scored, by gradient descent with clipped gradients. A piece's mean stands for each of its tokens.
    """
    import keras

    from rnnapps.data.text.lane_batches import LaneBatches
    from rnnapps.language_model.model import build, for_training, without_regularisation
    from rnnapps.training.vocabulary_loss import VocabularyLoss

    network, steps = (
        build(without_regularisation(predictor.config.model), predictor.encoder.size),
        predictor.config.pieces.steps,
    )
    learning = for_training(network, lanes=1)
    loss = VocabularyLoss(network.get_layer("embedding"), 1, steps)
    learning.compile(keras.optimizers.SGD(rate, global_clipnorm=1.0), loss)
    values = []
    for document in documents:
        network.set_weights(predictor.model.get_weights())
        pieces = []
        for (tokens, starts), targets, weights in LaneBatches.whole(document, steps):
            value = learning.train_on_batch((tokens, starts), targets, weights, return_dict=True)["loss"]
            pieces.append(np.full(int(weights.sum()), -float(value)))
        values.append(np.concatenate(pieces))
    return values


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    return scores_table(report, COLUMNS)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test documents of its source, or on other documents."""

    model: str = "language_model"
    """path or name of a bundle"""
    dynamic_rate: float = 0.0
    """let the network learn from each piece once it is scored, at this rate (dynamic evaluation)"""
    source: DocumentSourceConfig = DocumentSourceConfig()

    def __post_init__(self):
        super().__post_init__()
        require(self, "dynamic_rate", self.dynamic_rate >= 0, "at least 0")
