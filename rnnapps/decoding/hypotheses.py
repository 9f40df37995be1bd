"""What decoding returns."""

from typing import Any, NamedTuple

import numpy as np


class Hypotheses(NamedTuple):
    """The `n` hypotheses of each source of a batch, as NumPy arrays.

    `n` is 1 for greedy decoding, the number of samples, or `n_best` of a beam search, best first. Where
    a beam search found fewer than `n_best` (there are no more), the rest have length 0 and score -inf.
    """

    tokens: np.ndarray
    """`(batch, n, max_steps)`, int32: without the end token, padded with it."""

    lengths: np.ndarray
    """`(batch, n)`, int32: how many tokens are real; the end token does not count."""

    scores: np.ndarray
    """`(batch, n)`, float32: the log-probability; in a beam search the penalised one, which ranks."""

    log_probabilities: np.ndarray
    """`(batch, n)`, float32: the sum over the tokens and, if `finished`, the end token."""

    alignments: Any
    """`(batch, n, max_steps, source)`, float32: the alignment with which each token was predicted, that
    of the end token included; zero after it. None if the step gives none."""

    finished: np.ndarray
    """`(batch, n)`, bool: whether the end token came within the limit of steps."""

    state: Any = None
    """The state before the last token, any nesting of tensors `(batch, n, ...)`: decoding that begins
    with it and that token goes on from there. None unless the decoder was asked for it."""
