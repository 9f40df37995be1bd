"""The baseline of a chat: what was said after the most similar context."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer


class Retrieval:
    """Replies of training conversations, found by the TF-IDF of the turn before them.

    Args:
        pairs: what was said and the reply to it, of the training conversations.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]):
        said, self.replies = zip(*pairs, strict=True)
        self._vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32)
        self._vectorizer.fit([*said, *self.replies])
        self._said = self._vectorizer.transform(said)

    def reply(self, said: Sequence[str]) -> list[str]:
        """The reply to the most similar turn of training, for each turn."""
        similar = self._vectorizer.transform(said) @ self._said.T
        return [self.replies[place] for place in np.asarray(similar.argmax(axis=1)).ravel()]

    def choose(self, said: str, candidates: Sequence[str]) -> int:
        """The number of the candidate that is most similar to what was said and to what was replied to
        the most similar turn of training.
        """
        known = self._vectorizer.transform([said, *self.reply([said])])
        return int((self._vectorizer.transform(candidates) @ known.T).sum(axis=1).argmax())
