"""A model of n-grams: the baseline of language models, and the language model of readers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

FALLBACK = (0.5, 1.0, 1.5)  # discounts where counts of counts give none, as those of KenLM


class KneserNey:
    """Interpolated modified Kneser-Ney (Chen and Goodman 1999, "An empirical study of smoothing
    techniques for language modeling").

    The probability of a token w after a context c of n - 1 tokens, where c' is c without its first, is

        P(w | c) = (a(c w) - D(a(c w))) / sum_v a(c v) + gamma(c) P(w | c')
        gamma(c) = sum_v D(a(c v)) / sum_v a(c v)

    and P(w | c') if nothing followed c in training. Below n = 1 stands the uniform distribution, so that
    every token of the vocabulary has a probability above zero. In the highest order a is the count of an
    n-gram; in the lower ones it is how many different tokens stood before it. The start of a document is
    one such token, however many documents begin with the n-gram.

    D(0) is 0. D(1), D(2) and D(3), which is that of larger a too, come from the numbers n_r of n-grams
    of the order with a = r: with Y = n_1 / (n_1 + 2 n_2), D(r) = r - (r + 1) Y n_(r+1) / n_r. Where one
    of n_1 to n_4 is 0 or a D not above 0, as in little data or a small vocabulary, they are 0.5, 1, 1.5.

    Args:
        documents: the training data, ints `(time,)` each. Contexts do not cross documents; near the
            start of one they are shorter.
        vocabulary: the number of tokens; each is at least 0 and below it.
        order: tokens of the longest n-gram, 1 or more.

    Attributes:
        levels: the n-grams of 1 token, of 2, up to the order.
        counts: how often each n-gram comes, of 0 tokens, of 1, up to the order; int64, in the order of
            their level's codes.

    Raises:
        ValueError: an order or a vocabulary below 1, or documents that are not ints of the vocabulary.
    """

    def __init__(self, documents: Sequence[np.ndarray], vocabulary: int, order: int):
        if order < 1 or vocabulary < 1:
            raise ValueError(f"order {order} and vocabulary {vocabulary}: both have to be 1 or more")
        self.order = order
        self.vocabulary = vocabulary
        tokens = self._checked(np.concatenate([np.zeros(0, "int32"), *documents]))
        lengths = np.array([len(document) for document in documents], "int64")
        before = np.arange(len(tokens)) - np.repeat(lengths.cumsum() - lengths, lengths)

        self.levels: list[_Level] = []
        self.counts = [np.array([len(tokens)])]
        codes, contexts = np.zeros(1, "int64"), 0  # there is one n-gram of no tokens, and
        grams = np.zeros(len(tokens), "int64")  # it ends at each token, and before the first
        for length in range(1, order + 1):
            places = np.flatnonzero(before >= length - 1)
            longer, examples, numbers, counts = np.unique(
                grams[places - 1] * vocabulary + tokens[places],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            if length > 1:
                different = np.bincount(grams[places[examples]], minlength=len(codes))
                different[np.unique(grams[before == length - 2])] += 1  # the start of a document
                self.levels.append(_level(codes, different, contexts, vocabulary))
            codes, contexts = longer, len(codes)
            self.counts.append(counts)
            grams[places] = numbers
        self.levels.append(_level(codes, counts, contexts, vocabulary))

    @classmethod
    def of_best_order(
        cls,
        documents: Sequence[np.ndarray],
        validation: Sequence[np.ndarray],
        vocabulary: int,
        orders: Iterable[int],
    ) -> "KneserNey":
        """The model of the order that finds the validation documents most probable.

        The orders come in ascending; the first that is worse than the one before it ends the search.
        """
        best, highest = None, -np.inf
        for order in orders:
            model = cls(documents, vocabulary, order)
            value = sum(float(model.log_probabilities(document).sum()) for document in validation)
            if best is not None and value <= highest:
                break
            best, highest = model, value
        if best is None:
            raise ValueError("no orders to choose from")
        return best

    def log_probabilities(self, document: np.ndarray) -> np.ndarray:
        """The natural logarithm of the probability of each token given those before it.

        Args:
            document: ints `(time,)`.

        Returns:
            float64 `(time,)`.

        Raises:
            ValueError: a document that is not ints of the vocabulary.
        """
        tokens = self._checked(document)
        probabilities = np.full(len(tokens), 1 / self.vocabulary)
        contexts = np.zeros(len(tokens), "int64")
        for level in self.levels:
            wanted = contexts * self.vocabulary + tokens
            places = np.searchsorted(level.codes, wanted)
            grams = np.where(level.codes[places] == wanted, places, -1)
            probabilities = level.shares[grams] + level.weights[contexts] * probabilities
            contexts[1:] = grams[:-1]
            contexts[:1] = -1
        return np.log(probabilities)

    def _checked(self, tokens: np.ndarray) -> np.ndarray:
        tokens = np.asarray(tokens)
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
            raise ValueError(f"{tokens.dtype} {tokens.shape}: a document is ints (time,)")
        if len(tokens) and (tokens.min() < 0 or tokens.max() >= self.vocabulary):
            raise ValueError(
                f"tokens from {tokens.min()} to {tokens.max()}: they have to be at least 0 and below "
                f"{self.vocabulary}"
            )
        return tokens.astype("int64")


@dataclass(frozen=True)
class _Level:
    """The n-grams of a length; the last entry of each array stands for all that were not seen.

    The code of an n-gram is the place of its context among the codes of the n-grams that are a token
    shorter, times the vocabulary, plus its last token.
    """

    codes: np.ndarray  # ascending, int64
    shares: np.ndarray  # what each n-gram keeps of its context's probability, float64
    weights: np.ndarray  # of each context that of the shorter one, gamma, float64


def _level(codes: np.ndarray, counts: np.ndarray, contexts: int, vocabulary: int) -> _Level:
    """The level of n-grams with these codes and counts, which have so many contexts."""
    discounts = _discounts(counts)[np.minimum(counts, 3)]
    owners = codes // vocabulary
    totals = np.bincount(owners, counts, contexts)
    taken = np.bincount(owners, discounts, contexts)
    # A context that nothing followed leaves all to the shorter one.
    weights = np.divide(taken, totals, out=np.ones(contexts), where=totals > 0)
    return _Level(
        np.append(codes, np.iinfo("int64").max),
        np.append((counts - discounts) / totals[owners], 0),
        np.append(weights, 1),
    )


def _discounts(counts: np.ndarray) -> np.ndarray:
    """What is taken from a count of 0, 1, 2, and 3 or more, float64 `(4,)`."""
    n1, n2, n3, n4 = (int((counts == number).sum()) for number in (1, 2, 3, 4))
    discounts = FALLBACK
    if n1 and n2 and n3 and n4:
        y = n1 / (n1 + 2 * n2)
        estimates = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
        if min(estimates) > 0:
            discounts = estimates
    return np.array([0, *discounts])
