"""Documents in, token ids out."""

import logging
from typing import Any

from rnnapps import datasets
from rnnapps.data.text.documents import Documents, read_documents
from rnnapps.data.text.lane_batches import LaneBatches, lane_batches
from rnnapps.data.text.token_encoder import TokenEncoder
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


def make_batches(
    config: LanguageModelConfig, splits: dict[str, Documents], encoder: TokenEncoder
) -> tuple[LaneBatches, LaneBatches]:
    """The training and validation documents in lanes, a piece of each in a batch."""
    training = config.training
    return lane_batches(splits, encoder, config.pieces, training.batch_size, training.seed)
