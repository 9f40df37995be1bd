"""Scores of language models."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def language_report(
    log_probabilities: Sequence[np.ndarray], texts: Sequence[str], tokens: str
) -> dict[str, Any]:
    """Score the log-probabilities that a model gave to the tokens of texts.

    `perplexity` is by token, and so compares only between models of the same tokens; `word_perplexity`
    divides the same sum by the words between white space and the line ends, as for Penn Treebank, and
    the bits by characters and by bytes of UTF-8: these compare between models of any tokens that leave
    nothing unknown.

    Args:
        log_probabilities: natural logarithms, `(time,)` of each text.
        texts: the texts.
        tokens: what the tokens are, for the signature.
    """
    nats = -float(sum(some.sum(dtype="float64") for some in log_probabilities))
    count = sum(map(len, log_probabilities))
    words = sum(len(text.split()) + text.count("\n") for text in texts)
    return {
        "rows": len(texts),
        "tokens": count,
        "loss": nats / count,
        "perplexity": _exp(nats / count),
        "word_perplexity": _exp(nats / max(1, words)),
        "bits_per_character": nats / math.log(2) / sum(map(len, texts)),
        "bits_per_byte": nats / math.log(2) / sum(len(text.encode()) for text in texts),
        "signature": f"tokens:{tokens}|words:white space and line ends|state:zero before each document",
    }


def _exp(value: float) -> float:
    return math.exp(min(value, 700))
