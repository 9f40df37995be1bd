"""Answers that copy: the texts of the training examples that are nearest."""

from collections.abc import Sequence

import numpy as np

PLACES = 64  # that an example is scaled to


def nearest_texts(
    known: Sequence[np.ndarray], texts: Sequence[str], asked: Sequence[np.ndarray], what: str
) -> dict[str, list[str]]:
    """The text of the training line or recording that is most alike, and of the one that is as long.

    Args:
        known: features of those of training, float32 `(time, features)`.
        texts: of these.
        asked: features of those whose texts are asked for.
        what: they are: "line" or "recording".

    Returns:
        A text for each, by the name of the baseline.
    """
    shapes, wanted = (np.stack([_scaled(one) for one in some]) for some in (known, asked))
    norms = (shapes**2).sum(axis=1)
    alike = [int((norms - 2 * shapes @ one).argmin()) for one in wanted]
    lengths = np.array([len(one) for one in known])
    as_long = [int(np.abs(lengths - len(one)).argmin()) for one in asked]
    return {
        f"the text of the nearest training {what} (scaled to {PLACES} places)": [
            texts[i] for i in alike
        ],
        f"the text of the training {what} whose length is nearest": [texts[i] for i in as_long],
    }


def _scaled(features: np.ndarray) -> np.ndarray:
    """The means of so many equal parts, one after the other."""
    edges = np.linspace(0, len(features), PLACES + 1)
    starts = np.minimum(edges[:-1].astype(int), len(features) - 1)
    ends = np.maximum(edges[1:].astype(int), starts + 1)
    sums = np.concatenate([np.zeros((1, features.shape[1])), features.cumsum(axis=0, dtype="float64")])
    return ((sums[ends] - sums[starts]) / (ends - starts)[:, None]).ravel().astype("float32")
