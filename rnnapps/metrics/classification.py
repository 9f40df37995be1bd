"""Scores of a classifier."""

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 15


def classification_report(
    true: np.ndarray, probabilities: np.ndarray, labels: Sequence[str]
) -> dict[str, Any]:
    """Score predicted probabilities against true classes.

    Args:
        true: int class numbers `(rows,)`.
        probabilities: float `(rows, classes)`.
        labels: the names of the classes.

    Returns:
        A dict for JSON: rows, accuracy and its 95 % Wilson interval, macro F1 of the
        classes that have rows or predictions, expected calibration error (Guo et al. 2017: mean
        distance of confidence and accuracy over 15 equal bins of confidence, weighted by rows), a table
        by class, the confusion matrix (rows true), and the signature of these.
    """
    import scipy
    import sklearn
    from scipy.stats import binomtest
    from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

    predicted = probabilities.argmax(axis=1)
    numbers = np.arange(len(labels))
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=numbers, zero_division=0.0
    )
    right = int((predicted == true).sum())
    interval = binomtest(right, len(true)).proportion_ci(0.95, method="wilson")
    return {
        "rows": len(true),
        "accuracy": right / len(true),
        "accuracy_interval": [interval.low, interval.high],
        "macro_f1": float(f1_score(true, predicted, average="macro", zero_division=0.0)),
        "calibration_error": calibration_error(predicted == true, probabilities.max(axis=1)),
        "classes": {
            label: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "rows": int(support[i]),
            }
            for i, label in enumerate(labels)
        },
        "confusion_matrix": confusion_matrix(true, predicted, labels=numbers).tolist(),
        "signature": f"accuracy|interval:wilson-95|f1:macro|ece:{BINS}-bins"
        f"|scikit-learn:{sklearn.__version__}|scipy:{scipy.__version__}",
    }


def calibration_error(right: np.ndarray, confidence: np.ndarray) -> float:
    """Expected calibration error of bool `right` and float `confidence`, both `(rows,)`."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.zeros(BINS)
    np.add.at(gaps, bins, right - confidence)
    return float(np.abs(gaps).sum() / len(right))
