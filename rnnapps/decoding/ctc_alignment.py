"""Where the characters of a given text stand, under CTC."""

from typing import Any

import numpy as np

from rnnapps.decoding.ctc_inputs import BLANK, ctc_log_probabilities
from rnnapps.decoding.ctc_path import CTCPath, path_of
from rnnapps.decoding.steps import check


def ctc_alignment(logits: Any, tokens: np.ndarray, lengths: np.ndarray) -> CTCPath:
    """The likeliest of all paths that give a text: forced alignment, by Viterbi's algorithm.

    The states of a path are a blank, the first token, a blank, the second, and so on to a last blank.
    From frame to frame a path stays in its state or goes to the next, or past a blank between two tokens
    that are not equal.

    Args:
        logits: `(batch, time, classes)`, float32, or log-probabilities; class 0 is the blank. Frames
            behind the end of a row are to be certainly blank, and then change nothing.
        tokens: `(batch, most)`, int: the text of each row.
        lengths: `(batch,)`, int: how many tokens are real.

    Raises:
        ValueError: other shapes, NaN or infinity, tokens that are no classes, or a text that no path can
            give, as there are too few frames.
    """
    log_probabilities = ctc_log_probabilities(logits)
    batch, time, classes = log_probabilities.shape
    tokens, lengths = np.asarray(tokens), np.asarray(lengths)
    most = tokens.shape[1]
    check("the shape of lengths", lengths.shape, lengths.shape == (batch,), f"({batch},)")
    check("lengths", lengths, bool(np.all((lengths >= 0) & (lengths <= most))), f"from 0 to {most}")
    tokens = np.where(np.arange(most) < lengths[:, None], tokens, BLANK)
    valid = not tokens.size or 0 <= tokens.min() <= tokens.max() < classes
    check("tokens", tokens, valid, f"classes, 0 to {classes - 1}")

    rows = np.arange(batch)
    states = np.full((batch, 2 * most + 1), BLANK, "int64")
    states[:, 1::2] = tokens
    skips = np.full(states.shape, -np.inf)
    skips[:, 3::2] = np.where(states[:, 3::2] == states[:, 1:-2:2], -np.inf, 0.0)
    # Of each state the likeliest path to it; and by how many states it came at each frame, 0 to 2.
    best = np.where(np.arange(states.shape[1]) < 2, 0.0, -np.inf)
    best = best + np.take_along_axis(log_probabilities[:, 0], states, axis=1)
    came = np.zeros((time, *states.shape), "int8")
    for t in range(1, time):
        padded = np.pad(best, ((0, 0), (2, 0)), constant_values=-np.inf)
        ways = np.stack([best, padded[:, 1:-1], padded[:, :-2] + skips])
        came[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + np.take_along_axis(log_probabilities[:, t], states, axis=1)

    state = 2 * lengths
    before = np.maximum(state - 1, 0)
    state = np.where(best[rows, before] > best[rows, state], before, state)
    for row in np.flatnonzero(best[rows, state] == -np.inf):
        raise ValueError(f"row {row}: no path of {time} frames gives its {lengths[row]} tokens")
    path = np.zeros((batch, time), "int64")
    for t in reversed(range(time)):
        path[:, t] = state
        state = state - came[t][rows, state]
    passed = np.take_along_axis(states, path, axis=1)
    frames = np.take_along_axis(log_probabilities, passed[..., None], axis=-1)[..., 0]
    return path_of(np.where(path % 2, path // 2, -1), frames, tokens, lengths)
