"""A linear classifier beside a trained network."""

from collections import Counter
from itertools import chain, pairwise

import keras
import numpy as np
import pytest
from keras import layers, ops

from rnnapps.data.bucketed_batches import pad
from rnnapps.evaluation.logistic_regression import chosen_on_validation
from rnnapps.training.linear_part import BUCKETS, PRIME, with_linear_part

TOKENS = 50


def examples(number, classes, seed):
    """Texts whose class is that of most of their tokens."""
    random = np.random.default_rng(seed)
    sequences = [
        random.integers(1, TOKENS, random.integers(1, 12)).astype("int32") for _ in range(number)
    ]
    return sequences, np.array([np.bincount(some % classes).argmax() for some in sequences])


def network(classes):
    """One that knows nothing."""
    tokens = keras.Input((None,), dtype="int32")
    count = ops.sum(ops.cast(tokens > 0, "float32"), axis=1, keepdims=True)
    return keras.Model(tokens, layers.Dense(classes, "softmax", kernel_initializer="zeros")(0 * count))


def words(sequences):
    """The distinct tokens of each text, and the buckets of its distinct pairs, as words."""
    return [
        sorted(
            {f"t{one}" for one in some} | {f"p{(a * PRIME + b) % BUCKETS}" for a, b in pairwise(some)}
        )
        for some in (sequence.tolist() for sequence in sequences)
    ]


@pytest.mark.parametrize("classes", [2, 3])
def test_the_layers_are_the_regression(classes):
    """TF-IDF of scikit-learn of tokens, and of the pairs of more than one text, gives the same."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, validation = examples(400, classes, 1), examples(100, classes, 2)
    known = words(train[0]), words(validation[0])
    times = Counter(chain.from_iterable(known[0]))
    kept = sorted(word for word in times if word.startswith("t") or times[word] > 1)
    vectorizer = TfidfVectorizer(analyzer=list, vocabulary=kept)
    features = vectorizer.fit_transform(known[0]), *2 * [vectorizer.transform(known[1])]
    *_, expected = chosen_on_validation([(None, features)], train[1], validation[1])

    flat = np.full((100, classes), 1 / classes)
    mixed = with_linear_part(network(classes), TOKENS, train, validation, flat)
    linear = keras.Model(mixed.input, mixed.get_layer("linear_classes").output)
    batch = pad(validation[0])
    # The table has half the precision.
    np.testing.assert_allclose(linear.predict_on_batch(batch), expected, atol=2e-3)
    longer = np.pad(batch, ((0, 0), (0, 5)))
    np.testing.assert_allclose(linear.predict_on_batch(longer), expected, atol=2e-3)
    # Beside a network that says nothing, the answer is the regression's, with its share of certainty.
    answers, odds = mixed.predict_on_batch(batch), np.log(expected[:, 0] / expected[:, 1])
    shares = np.log(answers[:, 0] / answers[:, 1])[np.abs(odds) > 0.5] / odds[np.abs(odds) > 0.5]
    assert 0 < shares.mean() < 1
    np.testing.assert_allclose(shares, shares.mean(), atol=0.02)


def test_a_network_that_knows_more_stays_as_it_is():
    train, validation = examples(100, 2, 1), examples(50, 2, 2)
    model = network(2)
    sure = np.eye(2)[validation[1]]
    assert with_linear_part(model, TOKENS, train, validation, sure) is model
