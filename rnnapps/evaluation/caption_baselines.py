"""The captioners that a network has to beat."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from rnnapps.metrics.caption_tokens import caption_tokens

CELLS = 4_000_000  # similarities held at a time, 4 bytes each


def baseline_captions(
    train_features: np.ndarray, train_captions: Sequence[Sequence[str]], test_features: np.ndarray
) -> dict[str, list[str]]:
    """What each baseline says of the test pictures, by its name.

    Args:
        train_features: of an encoder, `(training pictures, rows, columns, channels)`.
        train_captions: `(training pictures, 1 or more)`.
        test_features: `(test pictures, rows, columns, channels)`.
    """
    train, test = (some.mean(axis=(1, 2), dtype="float32") for some in (train_features, test_features))
    return {
        "nearest training picture": nearest_captions(train, train_captions, test),
        "most frequent caption": [most_frequent_caption(train_captions)] * len(test),
    }


def most_frequent_caption(train_captions: Sequence[Sequence[str]]) -> str:
    """The caption that was given most often, whatever the picture.

    Captions of the same tokens count as one, written as where it stands first; of equally frequent ones
    the first answers.

    Args:
        train_captions: of each training picture its captions, `(pictures, 1 or more)`; at least one.
    """
    captions = [caption for row in train_captions for caption in row]
    keys = [tuple(caption_tokens(caption)) for caption in captions]
    [(most, _)] = Counter(keys).most_common(1)
    return captions[keys.index(most)]


def nearest_captions(
    train_features: np.ndarray, train_captions: Sequence[Sequence[str]], test_features: np.ndarray
) -> list[str]:
    """For each test picture the caption of the training picture that looks most like it.

    That is the one of the greatest cosine, of equal ones the first; of its captions it is the
    `consensus_caption` (Devlin et al. 2015, there of many neighbours).

    Args:
        train_features: floats `(training pictures, features)`, such as the mean of an encoder's grid.
        train_captions: `(training pictures, 1 or more)`.
        test_features: floats `(test pictures, features)`.

    Returns:
        `(test pictures,)`.

    Raises:
        ValueError: not one list of captions for each training picture.
    """
    if len(train_features) != len(train_captions):
        raise ValueError(
            f"{len(train_features)} training pictures and {len(train_captions)} lists of captions"
        )
    memory = _unit(train_features).T
    block = max(1, CELLS // len(train_captions))
    nearest: list[int] = []
    for start in range(0, len(test_features), block):
        nearest += (_unit(test_features[start : start + block]) @ memory).argmax(axis=1).tolist()
    captions = {picture: consensus_caption(train_captions[picture]) for picture in set(nearest)}
    return [captions[picture] for picture in nearest]


def consensus_caption(captions: Sequence[str]) -> str:
    """The caption that says most of what the others of its picture say.

    It is the one with the greatest mean share of distinct tokens in common with each of the others
    (Dice's coefficient); of equal ones, and of two, the first.

    Args:
        captions: of one picture, one or more.
    """
    sets = [set(caption_tokens(caption)) for caption in captions]

    def agreement(number: int) -> float:
        words = sets[number]  # with itself each agrees alike
        return sum(2 * len(words & other) / max(1, len(words) + len(other)) for other in sets)

    return captions[max(range(len(captions)), key=agreement)]


def _unit(features: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32; a row of zeros stays one."""
    features = np.asarray(features, "float32")
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
