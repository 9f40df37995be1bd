"""The sentiment classifier as an estimator of scikit-learn.

from rnnapps.estimators import SentimentClassifier
from sklearn.model_selection import cross_val_score

cross_val_score(SentimentClassifier(epochs=4), texts, labels)
"""

import math
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from rnnapps.data.text.sources import text_problem
from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.values import name_of
from rnnapps.estimators.bundle_estimator import BundleEstimator
from rnnapps.estimators.fitted_bundle import FittedBundle, check_share, seed_of, value_errors
from rnnapps.inference.inputs import several
from rnnapps.sentiment.config import ModelConfig, SentimentConfig

TRAINING = SentimentConfig().training  # its defaults
NOTE = (
    "Trained by `SentimentClassifier.fit`, which takes all texts but one for the training and the "
    "choice of the epoch: let cross-validation score it."
)


class SentimentClassifier(ClassifierMixin, BundleEstimator):
    """A recurrent network that classifies texts: `rnnapps.sentiment`.

    `fit` holds back a share of the texts, of each class alike, whose loss chooses the best epoch, and
    one text, as the bundle has scores of its own; it learns from all others. A text with the same words
    as one that is held back is left out.

    The parameters are the flags of `rnnapps train sentiment` that are tried first, at the same defaults.

    Args:
        cell: recurrent layer.
        units: of each direction.
        depth: recurrent layers, one on the other.
        embedding_size: units of the embedding.
        tokens: "subwords" or "words".
        vocabulary: tokens that are learnt from the texts, at most.
        max_length: tokens of one text that the network reads.
        embeddings: pretrained word vectors to start from, "glove" or a file.
        class_weights: count each class the same, however rare.
        epochs: passes over the texts, at most.
        batch_size: texts of a batch.
        learning_rate: peak of its schedule.
        ema_momentum: of the moving average of the weights, which is what predicts; 0: no average.
        validation_share: share of the texts that chooses the epoch, at least as many as there are
            classes.
        random_state: seed of the training and of the choice of these texts; None: another in each fit.
        verbose: print the epochs and the scores.

    Attributes:
        classes_: the labels, sorted, `(classes,)`.
        bundle_: the trained bundle; `bundle_.predictor` is what `rnnapps.load` gives of it.
    """

    def __init__(
        self,
        *,
        cell: str = ModelConfig.cell,
        units: int = ModelConfig.units,
        depth: int = ModelConfig.depth,
        embedding_size: int = ModelConfig.embedding_size,
        tokens: str = TextConfig.tokens,
        vocabulary: int = TextConfig.vocabulary,
        max_length: int = TextConfig.max_length,
        embeddings: str | None = None,
        class_weights: bool = False,
        epochs: int = TRAINING.epochs,
        batch_size: int = TRAINING.batch_size,
        learning_rate: float = TRAINING.learning_rate,
        ema_momentum: float = TRAINING.ema_momentum,
        validation_share: float = 0.1,
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.cell = cell
        self.units = units
        self.depth = depth
        self.embedding_size = embedding_size
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.max_length = max_length
        self.embeddings = embeddings
        self.class_weights = class_weights
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema_momentum = ema_momentum
        self.validation_share = validation_share
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network.

        Args:
            X: texts, `(texts,)`: a list, an array or a Series.
            y: their labels, `(texts,)`: texts or integers.

        Raises:
            ValueError: what is no text, a label that is none, a class with too few texts, or a parameter
                that is not allowed.
        """
        check_share(self)
        texts, y = _texts(X), column_or_1d(y, warn=True)
        check_consistent_length(texts, y)
        check_classification_targets(y)
        labels, rows = np.unique(y), np.arange(len(texts))
        if len(labels) < 2:
            raise ValueError(f"y has 1 class, {labels[0]!r}: two or more are needed")
        names = [name_of(label) for label in y.tolist()]
        if len(set(names)) < len(labels):
            raise ValueError("y has labels that differ in white space only")
        seed = seed_of(self.random_state)
        number = max(len(labels), math.ceil(self.validation_share * len(texts)))
        train, held = train_test_split(rows, test_size=number + 1, stratify=y, random_state=seed)
        splits = {"train": train, "validation": held[1:], "test": held[:1]}
        examples = {
            split: {"text": [texts[row] for row in some], "label": [names[row] for row in some]}
            for split, some in splits.items()
        }
        values = {
            "source": {"soft_labels": False},
            "text": self._some("tokens", "vocabulary", "max_length", "embeddings"),
            "model": self._some("cell", "units", "depth", "embedding_size"),
            "training": self._some("epochs", "batch_size", "learning_rate", "ema_momentum")
            | {"seed": seed, "quiet": not self.verbose, "note": NOTE},
        }
        self.bundle_ = FittedBundle.trained("sentiment", values, examples)
        self.classes_ = labels
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most likely label of each text, `(texts,)`; it raises what `predict_proba` does."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, float32 `(texts, classes)`, in the order of `classes_`.

        Raises:
            ValueError: what is no text.
            sklearn.exceptions.NotFittedError: there was no `fit`.
        """
        check_is_fitted(self)
        texts, predictor = _texts(X), self.bundle_.predictor
        columns = [predictor.labels.index(name_of(label)) for label in self.classes_.tolist()]
        with value_errors():
            return predictor.probabilities(texts)[:, columns]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _texts(X: Any) -> list[str]:
    """The texts of an argument, as a list.

    Raises:
        ValueError: it has no texts in an order, or what is none.
    """
    if isinstance(X, str):
        raise ValueError("X is one text: expected a list of them")
    with value_errors():
        texts = several(X, "X")
    if not texts:
        raise ValueError("X has no texts: at least one is needed")
    for row, text in enumerate(texts):
        if problem := text_problem(text):
            raise ValueError(f"X[{row}]: {problem}")
    return texts
