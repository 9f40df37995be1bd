"""A linear classifier of tokens and of pairs of tokens, beside a trained network."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import layers, ops

from rnnapps.evaluation.logistic_regression import chosen_on_validation

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

log = logging.getLogger(__name__)

BUCKETS = 2**18  # that pairs of tokens fall into (Weinberger et al. 2009)
PRIME = 4093  # spreads the pairs of frequent tokens, and keeps them within int32
SHARES = np.arange(0, 1, 0.05)  # that the linear part may have in the answer
TINY = 1e-9

Labelled = tuple[Sequence[np.ndarray], np.ndarray]


def with_linear_part(
    model: keras.Model,
    tokens: int,
    train: Labelled,
    validation: Labelled,
    probabilities: np.ndarray,
    class_weight: str | None = None,
) -> keras.Model:
    """A trained network with a linear classifier beside it: wide and deep (Cheng et al. 2016).

    The linear one knows which tokens and neighbours there are, weighed by TF-IDF. The answer is the
    geometric mean of both, with the share of the lowest loss on the validation examples.

    Args:
        model: from token ids, int32 `(batch, time)`, padded with 0, to probabilities
            `(batch, classes)`.
        tokens: number of different ids.
        train: ids `(time,)` and int classes of examples.
        validation: those that choose the regularisation and the shares.
        probabilities: what the network gives for the validation examples, `(rows, classes)`.
        class_weight: of scikit-learn.

    Returns:
        A network of the same input and output, or `model` if the linear part has no share.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    features = [_features(sequences, tokens) for sequences, _ in (train, validation)]
    rows = features[0].sum(axis=0).A1  # that have a token or a pair
    enough = np.where(np.arange(len(rows)) < tokens, 1, 2)  # a pair that came once is chance
    used = np.flatnonzero(rows >= enough)
    tfidf = TfidfTransformer().fit(features[0][:, used])
    weighed = [tfidf.transform(some[:, used]) for some in features]
    _, strength, linear, answers = chosen_on_validation(
        [(None, (*weighed, weighed[1]))], train[1], validation[1], class_weight
    )

    truth = np.arange(len(answers)), validation[1]

    def loss(share: float) -> float:
        mixed = np.exp(share * np.log(answers + TINY) + (1 - share) * np.log(probabilities + TINY))
        return float(-np.log(mixed[truth] / mixed.sum(axis=1)).mean())

    share = float(min(SHARES, key=loss))
    log.info(
        "a linear part (C=%g) with a share of %.2f: validation loss %.4f, without it %.4f",
        *(strength, share, loss(share), loss(0)),
    )
    if not share:
        return model
    # A row for each feature: what it says, and the square of its weight.
    table = np.zeros((len(rows), len(linear.coef_) + 1), "float32")
    table[used, :-1], table[used, -1] = (tfidf.idf_ * linear.coef_).T, np.square(tfidf.idf_)
    answer = _linear(model.input, tokens, linear, table)
    mixed = share * ops.log(answer + TINY) + (1 - share) * ops.log(model.output + TINY)
    return keras.Model(model.input, ops.softmax(mixed), name=model.name)


def _features(sequences: Sequence[np.ndarray], tokens: int) -> "csr_matrix":
    """Which tokens, and which pairs of neighbours, stand in each sequence: 0 or 1."""
    from scipy.sparse import csr_matrix

    found = [
        np.unique(np.concatenate([ids, tokens + (ids[:-1] * PRIME + ids[1:]) % BUCKETS]))
        for ids in (np.asarray(ids, "int64") for ids in sequences)
    ]
    ends = np.cumsum([0, *map(len, found)])
    places = np.concatenate(found)
    ones = np.ones(len(places), "float32")
    return csr_matrix((ones, places, ends), shape=(len(found), tokens + BUCKETS))


def _linear(ids, tokens, linear, table):
    """Logistic regression of scikit-learn as layers, from ids to probabilities."""
    pairs = tokens + (ids[:, :-1] * PRIME + ids[:, 1:]) % BUCKETS
    pairs = ops.where(ids[:, 1:] > 0, pairs, 0)
    features = ops.sort(ops.concatenate([ids, pairs], axis=1), axis=1)
    again = ops.pad(ops.equal(features[:, 1:], features[:, :-1]), ((0, 0), (1, 0)))
    # In half the bytes.
    lookup = layers.Embedding(*table.shape, trainable=False, dtype="float16", name="linear")
    found = ops.where(again[:, :, None], 0, ops.cast(lookup(features), "float32"))
    lookup.set_weights([table])
    sums = ops.sum(found, axis=1)
    said = sums[:, :-1] / ops.sqrt(sums[:, -1:] + TINY)
    # Of two classes, scikit-learn has the logit of the second.
    classes = np.eye(len(linear.classes_))[-len(linear.coef_) :]
    last = layers.Dense(
        len(linear.classes_), "softmax", trainable=False, dtype="float32", name="linear_classes"
    )
    answer = last(said)
    last.set_weights([classes, linear.intercept_ @ classes])
    return answer
