"""The classifier that a network on texts has to beat."""

import re
from collections.abc import Sequence

import numpy as np

from rnnapps.evaluation.logistic_regression import chosen_on_validation


def tfidf_baseline(
    train: tuple[Sequence[str], np.ndarray],
    validation: tuple[Sequence[str], np.ndarray],
    test: Sequence[str],
    class_weight: str | None = None,
) -> tuple[str, np.ndarray]:
    """TF-IDF of words and pairs of words, and logistic regression, as scikit-learn has them.

    Args:
        train: texts and their int classes.
        validation: texts and classes that choose the strength of the regularisation.
        test: texts to classify.

    Returns:
        The name of the baseline with the strength chosen, and probabilities `(rows, classes)`.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Texts of emoji only have no words: there each sign counts as one.
    word = r"\b\w+\b" if any(re.search(r"\w", text) for text in train[0]) else r"\S"
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=word, dtype=np.float32
    )
    features = (
        vectorizer.fit_transform(train[0]),
        vectorizer.transform(validation[0]),
        vectorizer.transform(test),
    )
    _, strength, _, probabilities = chosen_on_validation(
        [(None, features)], train[1], validation[1], class_weight
    )
    name = f"TF-IDF of words and pairs + logistic regression (C={strength:g}, chosen on validation)"
    return name, probabilities
