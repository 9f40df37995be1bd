"""What a language model is held beside: counts of n-grams."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rnnapps.data.text.kneser_ney import KneserNey

ORDERS = (2, 3, 4, 5, 6, 7, 8, 10)


def language_baselines(
    documents: Mapping[str, Sequence[np.ndarray]], vocabulary: int
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Names and log-probabilities of the test tokens, float64 `(time,)` of each document.

    The order of the n-grams is that of the lowest loss on the validation documents.

    Args:
        documents: ids of each, int32 `(time,)`, of the splits "train", "validation" and "test".
        vocabulary: number of tokens.
    """
    train = documents["train"]
    best = KneserNey.of_best_order(train, documents["validation"], vocabulary, ORDERS)
    for name, model in (
        ("frequencies of tokens", KneserNey(train, vocabulary, 1)),
        (f"{best.order}-grams, interpolated modified Kneser-Ney", best),
    ):
        yield name, [model.log_probabilities(document) for document in documents["test"]]
