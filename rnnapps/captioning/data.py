"""Pictures and captions in, features and token ids out."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps import datasets
from rnnapps.captioning.config import CaptioningConfig, EncoderConfig, VocabularyConfig
from rnnapps.data.pictures.batches import CaptionBatches
from rnnapps.data.pictures.captioned_picture import CaptionedPicture
from rnnapps.data.pictures.sources import read_captioned_pictures
from rnnapps.data.text.sentence_encoder import SPECIAL, SentenceEncoder
from rnnapps.data.text.word_vocabulary import UNKNOWN, learn_words
from rnnapps.errors import UserError

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

EMBEDDED = "emoji"
BATCH = 32  # pictures of a validation batch


@dataclass(frozen=True)
class CaptionedPictures:
    """Pictures with their captions."""

    pictures: list[CaptionedPicture]

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def captions(self) -> list[list[str]]:
        """Those of each picture."""
        return [list(picture.captions) for picture in self.pictures]

    def digest(self) -> str:
        """A fingerprint of pictures and captions, by which a bundle knows the rows it was scored on."""
        lines = ["\t".join([picture.key, *picture.captions]) for picture in self.pictures]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load(
    config: CaptioningConfig, examples: Any = None, labels: None = None
) -> dict[str, CaptionedPictures]:
    """Load the splits "train", "validation" and "test" of a source.

    Args:
        config: names the source.
        examples: instead of a source, columns in memory, `image` and `caption`
            (`rnnapps.data.pictures.sources`).
        labels: there are none.

    Raises:
        UserError: a bad row, file or picture (see `rnnapps.data.pictures.sources`).
    """
    splits = read_captioned_pictures(config.source, datasets.path(EMBEDDED), examples)
    return {split: CaptionedPictures(pictures) for split, pictures in splits.items()}


def learn_vocabulary(config: VocabularyConfig, captions: Sequence[str]) -> SentenceEncoder:
    """The words or the subwords of captions."""
    if config.tokens == "subwords":
        return SentenceEncoder.learn(captions, config.vocabulary)
    return SentenceEncoder(learn_words(captions, config.word_count, SPECIAL))


def network_inputs(
    config: EncoderConfig, encoder: "keras.Model", pictures: Sequence[CaptionedPicture]
) -> np.ndarray:
    """What the network is trained on: features, or pixels where the encoder is trained too."""
    if config.trained:
        size = encoder.input_shape[1:3]
        return np.stack([picture.pixels(size) for picture in pictures])
    from rnnapps.encoders.features import cached_features

    return cached_features(encoder, config.feature_cache, pictures)


def make_batches(
    config: CaptioningConfig,
    inputs: dict[str, np.ndarray],
    captions: dict[str, list[list[str]]],
    sentences: SentenceEncoder,
) -> tuple[CaptionBatches, CaptionBatches]:
    """Encode the training and validation captions, as batches for teacher forcing.

    Args:
        config: of the captions and of the training.
        inputs: of the pictures of each split, `(pictures, ...)`.
        captions: of the pictures of each split.
        sentences: the vocabulary.

    Raises:
        UserError: no training caption is short enough.
    """
    text, training = config.text, config.training
    unknown = sentences.tokenizer.token_to_id(UNKNOWN)  # None of subwords
    encoded = {split: _encode(captions[split], sentences) for split in ("train", "validation")}
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
            ignored_id=unknown,
        ),
        CaptionBatches(inputs["validation"], encoded["validation"], number, BATCH, ignored_id=unknown),
    )


def _encode(captions: Sequence[list[str]], sentences: SentenceEncoder) -> list[list[np.ndarray]]:
    ids = iter(sentences.encode(list(chain.from_iterable(captions))))
    return [[next(ids) for _ in some] for some in captions]
