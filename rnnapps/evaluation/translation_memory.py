"""The translators that a network has to beat."""

from collections.abc import Sequence

import numpy as np

from rnnapps.data.text.words import SPACELESS

CELLS = 4_000_000  # similarities held at a time, at most 12 bytes each
# A word, or a mark; of scripts without spaces each character.
WORD = rf"[{SPACELESS}]|\w+|[^\w\s]"


def copy_source(sources: Sequence[str]) -> list[str]:
    """Each sentence as it is: what names, figures and common words alone score."""
    return list(sources)


class TranslationMemory:
    """The translation of the training sentence that is most similar to the one asked for.

    Similarity is the cosine of TF-IDF vectors of words and pairs of words, as scikit-learn has them. Of
    equally similar sentences the first answers, and so it does where none is similar at all.
    """

    name = "translation of the most similar training sentence (TF-IDF of words and pairs)"

    def fit(self, sources: Sequence[str], targets: Sequence[str]) -> "TranslationMemory":
        """Remember training pairs, one or more."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), sublinear_tf=True, token_pattern=WORD, dtype=np.float32
        )
        self._memory = self._vectorizer.fit_transform(sources).T.tocsr()  # (terms, pairs)
        self._targets = list(targets)
        return self

    def translate(self, sources: Sequence[str]) -> list[str]:
        """Translate sentences, a block at a time, so that memory does not grow with their number."""
        block = max(1, CELLS // len(self._targets))
        nearest: list[int] = []
        for start in range(0, len(sources), block):
            vectors = self._vectorizer.transform(sources[start : start + block])
            nearest += np.asarray((vectors @ self._memory).argmax(axis=1)).ravel().tolist()
        return [self._targets[number] for number in nearest]
