"""A path through the frames of CTC, and where its characters stand."""

from typing import NamedTuple

import numpy as np


class CTCPath(NamedTuple):
    """A path of each row of a batch: a class of each frame, which give a text; as NumPy arrays.

    `most` is the largest length; what stands behind a length is 0.
    """

    tokens: np.ndarray
    """`(batch, most)`, int32: the text: repetitions of a class merged, blanks left out."""

    lengths: np.ndarray
    """`(batch,)`, int32."""

    log_probabilities: np.ndarray
    """`(batch,)`, float32: of this path, which is one of those that give the text."""

    first: np.ndarray
    """`(batch, most)`, int32: the first frame of each character."""

    last: np.ndarray
    """`(batch, most)`, int32: its last frame."""

    confidences: np.ndarray
    """`(batch, most)`, float32: the highest of its probabilities in these frames, from 0 to 1."""


def path_of(
    characters: np.ndarray, frames: np.ndarray, tokens: np.ndarray, lengths: np.ndarray
) -> CTCPath:
    """The path of which each frame belongs to a character, `(batch, time)`, int; to -1 for the blank.

    `frames` are the log-probabilities of its classes, `(batch, time)`, float32.
    """
    rows, times = np.nonzero(characters >= 0)
    places = rows, characters[rows, times]
    first = np.full(tokens.shape, characters.shape[1], "int32")
    last = np.zeros(tokens.shape, "int32")
    confidences = np.zeros(tokens.shape, "float32")
    np.minimum.at(first, places, times)
    np.maximum.at(last, places, times)
    np.maximum.at(confidences, places, np.exp(frames[rows, times]))
    real = np.arange(tokens.shape[1]) < lengths[:, None]
    return CTCPath(
        tokens=np.where(real, tokens, 0).astype("int32"),
        lengths=lengths.astype("int32"),
        log_probabilities=frames.sum(axis=1),
        first=np.where(real, first, 0),
        last=last,
        confidences=confidences,
    )
