"""CTC by enumeration, for the tests: every path of a few frames."""

import itertools
from collections import defaultdict

import numpy as np


def log_softmax(logits):
    """In float64; -inf may stand among the logits."""
    return logits - np.logaddexp.reduce(logits.astype("float64"), axis=-1, keepdims=True)


def text_of(path):
    """Repetitions merged, then blanks left out."""
    return tuple(token for token, _ in itertools.groupby(path) if token != 0)


def all_paths(log_probabilities):
    """The paths of a row `(time, classes)` and their log-probabilities, by the text that they give."""
    time, classes = log_probabilities.shape
    found = defaultdict(list)
    for path in itertools.product(range(classes), repeat=time):
        found[text_of(path)].append((log_probabilities[np.arange(time), path].sum(), path))
    return found


def all_texts(log_probabilities):
    """The log-probability of each text."""
    paths = all_paths(log_probabilities)
    return {text: np.logaddexp.reduce([each for each, _ in of]) for text, of in paths.items()}


def random_logits(seed, *shape, scale=2.0):
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype("float32")


def with_blank_frames(logits, number):
    """The rows with frames behind them that are certainly blank."""
    batch, _, classes = logits.shape
    blank = np.where(np.arange(classes) == 0, 0.0, -1e9).astype("float32")
    frames = np.broadcast_to(blank, (batch, number, classes))
    return np.concatenate([log_softmax(logits).astype("float32"), frames], axis=1)
