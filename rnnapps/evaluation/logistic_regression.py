"""Logistic regression whose options are chosen on the validation examples."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

STRENGTHS = (1.0, 3.0, 10.0, 30.0)  # inverse regularisation

Choice = TypeVar("Choice")


def chosen_on_validation(
    candidates: Iterable[tuple[Choice, tuple[Any, Any, Any]]],
    train: np.ndarray,
    validation: np.ndarray,
    class_weight: str | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[Choice, float, "LogisticRegression", np.ndarray]:
    """Fit logistic regression on each kind of features with each strength, and keep the best.

    Args:
        candidates: what distinguishes the features, and those of the training, validation and test
            examples, arrays or sparse matrices `(rows, features)`.
        train: classes of the training examples, int `(rows,)`.
        validation: classes of the validation examples; the first candidate of the highest accuracy wins.
        class_weight: of scikit-learn.
        strengths: the inverse regularisations C that are tried.

    Returns:
        What distinguishes the chosen features, the strength C, the model, and its probabilities of the
        test examples.
    """
    from sklearn.linear_model import LogisticRegression

    best: Any = None
    score = -1.0
    for choice, features in candidates:
        for strength in strengths:
            model = LogisticRegression(C=strength, max_iter=1000, class_weight=class_weight)
            reached = model.fit(features[0], train).score(features[1], validation)
            if reached > score:
                best, score = (choice, strength, model, features[2]), reached
    choice, strength, model, test = best
    return choice, strength, model, model.predict_proba(test)
