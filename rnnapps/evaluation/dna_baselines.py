"""The classifiers that a network on DNA sequences has to beat."""

from collections.abc import Sequence

import numpy as np

from rnnapps.data.symbols.bases import both_strands, encode
from rnnapps.evaluation.logistic_regression import chosen_on_validation

Labelled = tuple[Sequence[str], np.ndarray]
LENGTHS = (3, 4, 5, 6)  # of the longest k-mer
POSITION_STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # inverse regularisation


def kmer_baseline(
    train: Labelled, validation: Labelled, test: Sequence[str], both: bool = False
) -> tuple[str, np.ndarray]:
    """TF-IDF of the k-mers from 1 to k bases, and logistic regression, as scikit-learn has them.

    Args:
        train: sequences and their int classes.
        validation: sequences and classes that choose k and the strength of the regularisation.
        test: sequences to classify.
        both: count the k-mers of both strands.

    Returns:
        The name of the baseline with what was chosen, and probabilities `(rows, classes)`.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    def words(sequence: str, k: int) -> list[str]:
        strands = both_strands(sequence)[: 1 + both]
        return [
            strand[start : start + length]
            for strand in strands
            for length in range(1, k + 1)
            for start in range(len(strand) - length + 1)
        ]

    candidates = []
    for k in LENGTHS:
        vectorizer = TfidfVectorizer(analyzer=lambda sequence, k=k: words(sequence, k), dtype=np.float32)
        features = (
            vectorizer.fit_transform(train[0]),
            vectorizer.transform(validation[0]),
            vectorizer.transform(test),
        )
        candidates.append((k, features))
    k, strength, _, probabilities = chosen_on_validation(candidates, train[1], validation[1])
    name = f"TF-IDF of 1- to {k}-mers + logistic regression (C={strength:g}, both chosen on validation)"
    return name, probabilities


def position_baseline(
    train: Labelled, validation: Labelled, test: Sequence[str]
) -> tuple[str, np.ndarray]:
    """The base at each position, one-hot, and logistic regression, for aligned sequences.

    Args and returns as those of `kmer_baseline`; sequences are cut to the longest that trains.
    """
    size = max(map(len, train[0]))

    def one_hot(sequences: Sequence[str]) -> np.ndarray:
        bases = np.zeros((len(sequences), size), "uint8")
        for row, sequence in zip(bases, sequences, strict=True):
            codes = encode(sequence)[:size]
            row[: len(codes)] = codes
        return (bases[:, :, None] == np.arange(1, 5)).reshape(len(bases), -1).astype("float32")

    features = one_hot(train[0]), one_hot(validation[0]), one_hot(test)
    _, strength, _, probabilities = chosen_on_validation(
        [(None, features)], train[1], validation[1], strengths=POSITION_STRENGTHS
    )
    name = f"the base at each position + logistic regression (C={strength:g}, chosen on validation)"
    return name, probabilities
