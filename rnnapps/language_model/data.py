"""Documents in, token ids out."""

import logging
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.text.documents import Documents, read_documents
from rnnapps.data.text.lane_batches import LaneBatches
from rnnapps.data.text.token_encoder import END, TokenEncoder
from rnnapps.errors import UserError
from rnnapps.language_model.config import LanguageModelConfig

log = logging.getLogger(__name__)

EMBEDDED = "speeches"


def load(config: LanguageModelConfig, examples: Any = None, labels: None = None) -> dict[str, Documents]:
    """Load the splits "train", "validation" and "test" of a source.

    A source without test documents is scored on its validation documents, as is usual with some sets.

    Args:
        config: names the source.
        examples: instead of a source, the columns of its table in memory (`rnnapps.data.columns`).
        labels: none; other applications have them.

    Raises:
        UserError: see `rnnapps.data.text.documents.read_documents`.
    """
    splits = read_documents(config.source, datasets.path(f"{EMBEDDED}/speeches.csv.xz"), examples)
    if not splits["test"] and splits["validation"]:
        log.info("%s: no test documents: scored on those that choose the best epoch", config.source.data)
        splits["test"] = splits["validation"]
    return splits


def encode(documents: Documents, encoder: TokenEncoder) -> list[np.ndarray]:
    """The tokens of each document, int32 `(time,)`, with its end if it has one."""
    ends = np.full(int(documents.ends), END, "int32")
    return [np.concatenate([encoder.encode(text), ends]) for text in documents.texts]


def check_tokens(config: LanguageModelConfig, encoder: TokenEncoder) -> TokenEncoder:
    """The encoder of the bundle that a training starts from.

    Raises:
        UserError: the config asks for other tokens.
    """
    if encoder.config.tokens != config.text.tokens:
        theirs = encoder.config.tokens
        raise UserError(f"{config.training.init_from}: its tokens are {theirs}: give --tokens {theirs}")
    return encoder


def make_batches(
    config: LanguageModelConfig, splits: dict[str, Documents], encoder: TokenEncoder
) -> tuple[LaneBatches, LaneBatches]:
    """The training and validation documents in lanes, a piece of each in a batch."""
    train, validation = (encode(splits[split], encoder) for split in ("train", "validation"))
    lanes, steps, seed = config.training.batch_size, config.steps, config.training.seed
    log.info("%s training tokens of %s kinds", f"{sum(map(len, train)):,}", f"{encoder.size:,}")
    return (
        LaneBatches(train, lanes, steps, seed, config.vary_steps),
        LaneBatches(validation, lanes, steps, vary=False),
    )
