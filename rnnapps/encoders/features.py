"""Features of pictures: what an image encoder makes of them, in batches, once."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import keras
import numpy as np

from rnnapps.encoders.feature_cache import FeatureCache

log = logging.getLogger(__name__)

BATCH = 32  # pictures that the encoder sees at once


def features_of(encoder: keras.Model, pixels: Sequence[np.ndarray]) -> np.ndarray:
    """The features of pictures, float16 `(pictures, rows, columns, channels)`, in batches of 32.

    Args:
        encoder: an image encoder.
        pixels: of pictures of the size that it takes, uint8 `(height, width, 3)` each.
    """
    parts = []
    for start in range(0, len(pixels), BATCH):
        some = np.stack(pixels[start : start + BATCH])
        # Two sizes of batches are compiled, for one picture and for several.
        padded = np.zeros((BATCH if len(pixels) > 1 else 1, *some.shape[1:]), "uint8")
        padded[: len(some)] = some
        parts.append(encoder.predict_on_batch(padded)[: len(some)].astype("float16"))
    return np.concatenate(parts)


class Picture(Protocol):
    """A picture that is read when it is asked for."""

    @property
    def key(self) -> str:
        """Stands for its content."""
        ...

    @property
    def pixels(self) -> Callable[[tuple[int, int]], np.ndarray]:
        """Gives uint8 `(height, width, 3)` of a height and a width."""
        ...


def cached_features(encoder: keras.Model, folder: str | Path, pictures: Sequence[Picture]) -> np.ndarray:
    """The features of pictures, of which each is looked at only once and then read from disk.

    Args:
        encoder: an image encoder.
        folder: of the features of all encoders.
        pictures: of which those are read whose features are not there yet.

    Returns:
        float16 `(pictures, rows, columns, channels)`.

    Raises:
        UserError: a picture cannot be read, or the features cannot be written.
    """
    cache = FeatureCache(Path(folder).expanduser(), fingerprint(encoder))
    size = encoder.input_shape[1:3]
    features = np.zeros((len(pictures), *encoder.output_shape[1:]), "float16")
    missing = []
    for row, picture in enumerate(pictures):
        found = cache.get(picture.key)
        if found is not None and found.shape == features.shape[1:]:
            features[row] = found
        else:
            missing.append(row)
    if missing:
        log.info("%s: looking at %d pictures", encoder.name, len(missing))
    for start in range(0, len(missing), BATCH):
        rows = missing[start : start + BATCH]
        features[rows] = features_of(encoder, [pictures[row].pixels(size) for row in rows])
        for row in rows:
            cache.put(pictures[row].key, features[row])
    return features


def fingerprint(encoder: keras.Model) -> str:
    """What tells the features of an encoder from those of another: its name and its weights."""
    content = hashlib.sha256()
    for weight in encoder.get_weights():
        content.update(np.ascontiguousarray(weight).data)
    return f"{encoder.name}-{content.hexdigest()[:16]}"
