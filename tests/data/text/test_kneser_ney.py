"""The model of n-grams against the equations written plainly, and on real sentences."""

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest

from rnnapps.data.text.kneser_ney import KneserNey

START = -1  # what stands before the first token of a document


class Plain:
    """The same model, one n-gram at a time."""

    def __init__(self, documents, vocabulary, order):
        self.vocabulary, self.order = vocabulary, order
        counts, predecessors = Counter(), defaultdict(set)
        for document in documents:
            tokens = (START, *document)
            for start, end in product(range(1, len(tokens)), range(1, len(tokens) + 1)):
                if start < end <= start + order:
                    counts[tokens[start:end]] += 1
                    predecessors[tokens[start:end]].add(tokens[start - 1])
        self.counts = {
            gram: count if len(gram) == order else len(predecessors[gram])
            for gram, count in counts.items()
        }
        self.discounts = [self.discounts_of(length + 1) for length in range(order)]

    def discounts_of(self, length):
        n = Counter(count for gram, count in self.counts.items() if len(gram) == length)
        if all(n[number] for number in (1, 2, 3, 4)):
            y = n[1] / (n[1] + 2 * n[2])
            found = [r - (r + 1) * y * n[r + 1] / n[r] for r in (1, 2, 3)]
            if min(found) > 0:
                return found
        return [0.5, 1, 1.5]

    def probability(self, context, token):
        """Of a token after a context of fewer tokens than the order."""
        shorter = self.probability(context[1:], token) if context else 1 / self.vocabulary
        followers = [self.counts.get((*context, other), 0) for other in range(self.vocabulary)]
        if not any(followers):
            return shorter
        discounts = [0, *self.discounts[len(context)]]
        kept = followers[token] - discounts[min(followers[token], 3)]
        taken = sum(discounts[min(count, 3)] for count in followers)
        return (kept + taken * shorter) / sum(followers)

    def log_probabilities(self, document):
        tokens = tuple(document)
        return np.log(
            [
                self.probability(tokens[max(0, place + 1 - self.order) : place], token)
                for place, token in enumerate(tokens)
            ]
        )


@pytest.fixture(scope="module")
def texts(sentences):
    """Real sentences as ids of their letters, and the number of letters."""
    letters = sorted({letter for row in sentences for letter in row["text"]})
    ids = [np.array([letters.index(letter) for letter in row["text"]], "int32") for row in sentences]
    return ids, len(letters)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("number", [1, 8])
def test_it_is_the_equations(texts, order, number):
    ids, vocabulary = texts
    train = ids[:number]
    model, plain = KneserNey(train, vocabulary, order), Plain(train, vocabulary, order)
    for document in (train[-1], ids[20]):
        found = model.log_probabilities(document)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, plain.log_probabilities(document), rtol=1e-10)


def test_both_kinds_of_discounts_are_tried(texts):
    ids, vocabulary = texts
    estimated = [discounts != [0.5, 1, 1.5] for discounts in Plain(ids[:8], vocabulary, 4).discounts]
    assert set(estimated) == {True, False}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_probabilities_sum_to_1_after_every_context(order):
    vocabulary = 5  # of which 4 is never seen, and 3 only at the end of a document
    random = np.random.default_rng(0)
    documents = [np.append(random.choice(3, 20, p=[0.6, 0.3, 0.1]), 3), np.array([2]), np.array([], int)]
    model = KneserNey(documents, vocabulary, order)
    for length in range(order + 1):
        for context in product(range(vocabulary), repeat=length):
            after = [
                model.log_probabilities(np.array([*context, token]))[-1] for token in range(vocabulary)
            ]
            assert np.isfinite(after).all()
            assert np.exp(after).sum() == pytest.approx(1, abs=1e-14)


def test_contexts_do_not_cross_documents():
    halves = KneserNey([np.array([0, 1]), np.array([2, 3])], 4, 2)
    whole = KneserNey([np.array([0, 1, 2, 3])], 4, 2)
    pair = np.array([1, 2])
    assert halves.log_probabilities(pair)[1] == pytest.approx(np.log(1 / 4))
    assert whole.log_probabilities(pair)[1] > np.log(1 / 4)


def test_unknown_tokens_share_what_is_left():
    model = KneserNey([np.array([0, 1, 0, 1, 0])], 10, 3)
    found = model.log_probabilities(np.array([7, 8, 9], "uint64"))
    assert len(set(found)) == 1 and np.isfinite(found).all()
    known = np.exp(model.log_probabilities(np.array([0]))) + np.exp(
        model.log_probabilities(np.array([1]))
    )
    np.testing.assert_allclose(known + 8 * np.exp(found[:1]), 1)


def test_nothing_to_learn_from_is_uniform():
    for documents in ([], [np.array([], "int32")]):
        found = KneserNey(documents, 4, 3).log_probabilities(np.array([0, 3, 0]))
        np.testing.assert_allclose(found, np.log([1 / 4] * 3))
    assert KneserNey([np.array([0])], 4, 3).log_probabilities(np.array([], "int32")).shape == (0,)


def test_the_order_is_chosen_on_validation(texts):
    ids, vocabulary = texts
    train, validation, test = ids[:300], ids[300:350], np.concatenate(ids[600:])
    scores = {}
    for order in (1, 9, 5, 3):
        model = KneserNey(train, vocabulary, order)
        scores[order] = sum(model.log_probabilities(document).sum() for document in validation)
    best = KneserNey.of_best_order(train, validation, vocabulary, iter(scores))
    assert best.order == max(scores, key=scores.get) != 1
    single = KneserNey(train, vocabulary, 1)
    assert best.log_probabilities(test).mean() > single.log_probabilities(test).mean() + 0.5


@pytest.mark.parametrize(
    ("documents", "vocabulary", "order", "message"),
    [
        ([np.array([0, 4])], 4, 2, "tokens from 0 to 4: they have to be at least 0 and below 4"),
        ([np.array([-1])], 4, 2, "tokens from -1 to -1"),
        ([np.array([0.0])], 4, 2, "float64 (1,): a document is ints"),
        ([np.array([0])], 4, 0, "order 0 and vocabulary 4"),
        ([np.array([0])], 0, 2, "order 2 and vocabulary 0"),
    ],
)
def test_wrong_values_are_refused(documents, vocabulary, order, message):
    with pytest.raises(ValueError) as error:
        KneserNey(documents, vocabulary, order)
    assert message in str(error.value)
