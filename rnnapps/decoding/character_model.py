"""A language model of characters for the beam search over CTC."""

import keras
import numpy as np
from keras import ops

from rnnapps.decoding.ctc_scorer import CTCScorer
from rnnapps.decoding.steps import Nested, Tensor, check


class CharacterModel(CTCScorer):
    """Texts scored by an automaton, such as a model of n-grams whose states are the contexts.

    Args:
        log_probabilities: `(states, classes)`, float: that of each token in each state, and as that of
            class 0 of the end of the text.
        following: `(states, classes)`, int: the state behind each token.
        start: the state of the empty text.
        weight: what the log-probabilities are multiplied by, at least 0.

    Raises:
        ValueError: arrays of other shapes, states that are none, or a weight below 0.
    """

    def __init__(
        self, log_probabilities: np.ndarray, following: np.ndarray, start: int, *, weight: float = 1.0
    ):
        shape, states = np.shape(log_probabilities), len(log_probabilities)
        valid = len(shape) == 2 and np.shape(following) == shape
        check("following", np.shape(following), valid, f"of the shape of log_probabilities, {shape}")
        reached = {start, int(np.min(following)), int(np.max(following))}
        check("following and start", reached, reached <= set(range(states)), f"below {states}, states")
        check("weight", weight, 0 <= weight < np.inf, "at least 0")
        self.classes, self.first = shape[1], start
        # Flat, as a gather of single numbers is quicker than one of rows.
        scores = (weight * np.asarray(log_probabilities, "float32")).reshape(-1)
        self.scores = keras.Variable(scores, trainable=False)
        self.following = keras.Variable(np.reshape(following, -1), dtype="int32", trainable=False)
        self.variables = [self.scores, self.following]

    def start(self, batch: int) -> Nested:
        return ops.full((batch, 1), self.first, dtype="int32")

    def score(self, state: Nested, tokens: Tensor) -> Tensor:
        return ops.take(self.scores, state[..., None] * self.classes + tokens)

    def advance(self, state: Nested, tokens: Tensor) -> Nested:
        return ops.take(self.following, state * self.classes + tokens)

    def end(self, state: Nested) -> Tensor:
        return ops.take(self.scores, state * self.classes)
