"""Sentence pairs in, token ids out."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps import datasets
from rnnapps.data.columns import MEMORY
from rnnapps.data.text.bpe_dropout import BPEDropout
from rnnapps.data.text.pair_batches import PairBatches
from rnnapps.data.text.parallel_sources import by_source, read_pairs
from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.data.text.sentence_pair import SentencePair
from rnnapps.errors import UserError
from rnnapps.translation.config import SubwordConfig, TranslationConfig

log = logging.getLogger(__name__)

EMBEDDED = "translation"


@dataclass(frozen=True)
class Pairs:
    """Sentence pairs, and what is scored of them.

    In a single table a sentence stands once for each of its translations, which are all references of
    it (`together`). The lines of a set that has splits are scored one by one, as published figures are.
    """

    pairs: list[SentencePair]
    together: bool

    def __len__(self) -> int:
        return len(self.pairs)

    @cached_property
    def scored(self) -> tuple[list[str], list[list[str]]]:
        """The sources to translate, and the references of each."""
        if self.together:
            references = by_source(self.pairs)
            return list(references), list(references.values())
        return [pair.source for pair in self.pairs], [[pair.target] for pair in self.pairs]

    def digest(self) -> str:
        """A fingerprint of what is scored, by which a bundle knows the sentences it was scored on."""
        lines = ["\t".join([source, *some]) for source, some in zip(*self.scored, strict=True)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load(config: TranslationConfig, examples: Any = None, labels: None = None) -> dict[str, Pairs]:
    """Load the splits "train", "validation" and "test" of a source.

    Args:
        config: names the source and the languages.
        examples: instead of a source, columns in memory that are named like the languages
            (`rnnapps.data.columns`).
        labels: there are none.

    Raises:
        UserError: a bad row or file (see `rnnapps.data.text.parallel_sources.read_pairs`).
    """
    source = config.source
    splits = read_pairs(source, datasets.path(EMBEDDED), examples)
    together = source.data in ("embedded", MEMORY) or Path(source.data).is_file()
    return {split: Pairs(pairs, together) for split, pairs in splits.items()}


def learn_encoders(
    config: SubwordConfig, pairs: Sequence[SentencePair]
) -> tuple[SentenceEncoder, SentenceEncoder]:
    """The encoders of source and target, which are one if the vocabulary is shared."""
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    if config.shared_vocabulary:
        shared = SentenceEncoder.learn(sources + targets, config.vocabulary)
        return shared, shared
    return (
        SentenceEncoder.learn(sources, config.vocabulary),
        SentenceEncoder.learn(targets, config.vocabulary),
    )


def make_batches(
    config: TranslationConfig,
    splits: dict[str, Pairs],
    encoders: tuple[SentenceEncoder, SentenceEncoder],
) -> tuple[PairBatches, PairBatches]:
    """Encode the training and validation pairs, as batches for teacher forcing."""
    text, seed, pairs = config.text, config.training.seed, splits["train"].pairs
    encoded = _encode(pairs, encoders)
    kept = [row for row, ids in enumerate(encoded) if max(map(len, ids)) <= text.max_tokens]
    if not kept:
        raise UserError(f"no training pair has at most {text.max_tokens} tokens: raise --max-tokens")
    if long := len(pairs) - len(kept):
        log.info("%d training pairs of more than %d tokens left out", long, text.max_tokens)
    resample = None
    if text.bpe_dropout:
        resample = _resampling(config, [pairs[row] for row in kept], encoders)
    batches = PairBatches(
        [encoded[row] for row in kept], config.training.batch_size, seed, resample=resample
    )
    return batches, PairBatches(_encode(splits["validation"].pairs, encoders), batch_size=64)


def _encode(
    pairs: Sequence[SentencePair], encoders: tuple[SentenceEncoder, SentenceEncoder]
) -> list[tuple[np.ndarray, np.ndarray]]:
    sources = encoders[0].encode([pair.source for pair in pairs])
    return list(zip(sources, encoders[1].encode([pair.target for pair in pairs]), strict=True))


def _resampling(
    config: TranslationConfig,
    pairs: Sequence[SentencePair],
    encoders: tuple[SentenceEncoder, SentenceEncoder],
) -> Callable[[int], list[tuple[np.ndarray, np.ndarray]]]:
    """The encoded pairs for an epoch, segmented anew."""
    rate, seed = config.text.bpe_dropout, config.training.seed
    source = BPEDropout(encoders[0], [pair.source for pair in pairs], rate, seed)
    target = BPEDropout(encoders[1], [pair.target for pair in pairs], rate, seed + 1)
    return lambda epoch: list(zip(source(epoch), target(epoch), strict=True))
