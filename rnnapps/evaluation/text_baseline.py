"""The classifier that a network on texts has to beat."""

import re
from collections.abc import Sequence

import numpy as np

STRENGTHS = (1.0, 3.0, 10.0, 30.0)  # inverse regularisation


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
    from sklearn.linear_model import LogisticRegression

    # Texts of emoji only have no words: there each sign counts as one.
    word = r"\b\w+\b" if any(re.search(r"\w", text) for text in train[0]) else r"\S"
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=word, dtype=np.float32
    )
    features = vectorizer.fit_transform(train[0])
    validation_features = vectorizer.transform(validation[0])
    models = [
        LogisticRegression(C=strength, max_iter=1000, class_weight=class_weight).fit(features, train[1])
        for strength in STRENGTHS
    ]
    best = max(models, key=lambda model: model.score(validation_features, validation[1]))
    name = f"TF-IDF of words and pairs + logistic regression (C={best.C:g}, chosen on validation)"
    return name, best.predict_proba(vectorizer.transform(test))
