"""Pictures and captions in, features and token ids out."""

import hashlib
import logging
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnapps import datasets
from rnnapps.captioning.config import CaptioningConfig, EncoderConfig, VocabularyConfig
from rnnapps.data.caption_batches import CaptionBatches
from rnnapps.data.caption_sources import read_captioned_pictures
from rnnapps.data.captioned_picture import CaptionedPicture
from rnnapps.data.feature_cache import FeatureCache
from rnnapps.data.sentence_encoder import SPECIAL, SentenceEncoder
from rnnapps.data.word_vocabulary import UNKNOWN, learn_words
from rnnapps.errors import UserError

if TYPE_CHECKING:
    import keras

    from rnnapps.data.caption_source_config import CaptionSourceConfig

log = logging.getLogger(__name__)

EMBEDDED = datasets.path("emoji")
BATCH = 32  # pictures that the encoder sees at once


def load(config: "CaptionSourceConfig") -> dict[str, list[CaptionedPicture]]:
    """Load the parts "train", "valid" and "test" of a source.

    Raises:
        UserError: a bad row, file or picture (see `rnnapps.data.caption_sources`), or an empty part.
    """
    parts = read_captioned_pictures(config, EMBEDDED)
    if empty := [name for name, pictures in parts.items() if not pictures]:
        raise UserError(f"{config.data}: too few pictures: its part '{empty[0]}' has none")
    return parts


def part_of(parts: dict[str, list[CaptionedPicture]], part: str) -> list[CaptionedPicture]:
    """One part, or "all" of them."""
    return list(chain.from_iterable(parts.values())) if part == "all" else parts[part]


def digest(pictures: Sequence[CaptionedPicture]) -> str:
    """A fingerprint of pictures and captions, by which a bundle knows the rows it was scored on."""
    lines = ["\t".join([picture.key, *picture.captions]) for picture in pictures]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def learn_vocabulary(config: VocabularyConfig, captions: Sequence[str]) -> SentenceEncoder:
    """The words or the subwords of captions."""
    if config.tokens == "subwords":
        return SentenceEncoder.learn(captions, config.vocabulary)
    return SentenceEncoder(learn_words(captions, config.word_count, SPECIAL))


def make_batches(
    config: CaptioningConfig,
    inputs: dict[str, np.ndarray],
    captions: dict[str, list[list[str]]],
    sentences: SentenceEncoder,
) -> tuple[CaptionBatches, CaptionBatches]:
    """Encode the training and validation captions, as batches for teacher forcing.

    Raises:
        UserError: no training caption is short enough.
    """
    text, training = config.text, config.training
    unknown = sentences.tokenizer.token_to_id(UNKNOWN)  # None of subwords
    encoded = {name: _encode(captions[name], sentences) for name in ("train", "valid")}
    kept = [
        [caption for caption in some if len(caption) <= text.max_tokens] for some in encoded["train"]
    ]
    rows = [row for row, some in enumerate(kept) if some]
    if not rows:
        raise UserError(f"no training caption has at most {text.max_tokens} tokens: raise --max-tokens")
    if long := sum(map(len, encoded["train"])) - sum(map(len, kept)):
        log.info("%d training captions of more than %d tokens left out", long, text.max_tokens)
    number = min(text.captions, max(1, round(np.mean([len(some) for some in kept if some]))))
    train = inputs["train"] if len(rows) == len(kept) else inputs["train"][rows]
    return (
        CaptionBatches(
            *(train, [kept[row] for row in rows], number, training.batch_size, training.seed),
            unlearnt=unknown,
        ),
        CaptionBatches(inputs["valid"], encoded["valid"], number, BATCH, unlearnt=unknown),
    )


def _encode(captions: Sequence[list[str]], sentences: SentenceEncoder) -> list[list[np.ndarray]]:
    ids = iter(sentences.encode(list(chain.from_iterable(captions))))
    return [[next(ids) for _ in some] for some in captions]


def ships(config: EncoderConfig) -> bool:
    """Whether an encoder with its weights comes with rnnapps, so that a bundle need not hold it."""
    return config.encoder == "efficientnet_lite0" and config.encoder_weights is None


def inputs_of(
    pictures: Sequence[CaptionedPicture],
    encoder: "keras.Model | None",
    config: EncoderConfig,
    size: tuple[int, int],
) -> np.ndarray:
    """What the network takes of pictures, `(pictures, ...)`.

    Args:
        pictures: to be read.
        encoder: the image encoder, whose features (float16) are kept on disk; without one the inputs
            are pixels, uint8.
        config: names the encoder and the folder of the features.
        size: height and width of the pictures as the encoder takes them.

    Raises:
        UserError: a picture cannot be read, or the features cannot be written.
    """
    if encoder is None:
        return np.stack([picture.pixels(size) for picture in pictures])
    cache = FeatureCache(Path(config.feature_cache).expanduser(), identity(encoder))
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


def features_of(encoder: "keras.Model", pixels: Sequence[np.ndarray]) -> np.ndarray:
    """The features of pictures, float16 `(pictures, rows, columns, channels)`, in batches of 32."""
    parts = []
    for start in range(0, len(pixels), BATCH):
        some = np.stack(pixels[start : start + BATCH])
        filled = np.zeros((BATCH if len(pixels) > 1 else 1, *some.shape[1:]), "uint8")  # as compiled
        filled[: len(some)] = some
        parts.append(encoder.predict_on_batch(filled)[: len(some)].astype("float16"))
    return np.concatenate(parts)


def identity(encoder: "keras.Model") -> str:
    """What tells the features of an encoder from those of another: its name and its weights."""
    content = hashlib.sha256()
    for weight in encoder.get_weights():
        content.update(np.ascontiguousarray(weight).data)
    return f"{encoder.name}-{content.hexdigest()[:16]}"
