"""Sentence pairs in, token ids out."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from rnnapps import datasets
from rnnapps.data.bpe_dropout import BPEDropout
from rnnapps.data.pair_batches import PairBatches
from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.parallel_sources import SentencePair, by_source, read_pairs
from rnnapps.data.sentence_encoder import SentenceEncoder
from rnnapps.errors import UserError
from rnnapps.translation.config import SubwordConfig, TranslationConfig

log = logging.getLogger(__name__)

EMBEDDED = datasets.path("translation")


def load(config: ParallelSourceConfig) -> dict[str, list[SentencePair]]:
    """Load the parts "train", "valid" and "test" of a source.

    Raises:
        UserError: a bad row or file (see `rnnapps.data.parallel_sources.read_pairs`), or a part that
            is empty.
    """
    parts = read_pairs(config, EMBEDDED)
    if empty := [name for name, pairs in parts.items() if not pairs]:
        raise UserError(f"{config.data}: too few pairs: its part '{empty[0]}' has none")
    return parts


def load_part(config: ParallelSourceConfig, part: str) -> tuple[list[str], list[list[str]]]:
    """Load one part of a source, or "all" of it, to be scored: see `scored`."""
    parts = read_pairs(config, EMBEDDED)
    pairs = list(chain.from_iterable(parts.values())) if part == "all" else parts[part]
    if not pairs:
        raise UserError(f"{config.data}: its part '{part}' has no pairs")
    return scored(config, pairs)


def scored(
    config: ParallelSourceConfig, pairs: Sequence[SentencePair]
) -> tuple[list[str], list[list[str]]]:
    """Sources to translate, and the references of each.

    In a single table a sentence stands once for each of its translations, which are all references of
    it. The lines of a set that comes in parts are scored one by one, as published figures are.
    """
    if config.data == "embedded" or Path(config.data).is_file():
        references = by_source(pairs)
        return list(references), list(references.values())
    return [pair.source for pair in pairs], [[pair.target] for pair in pairs]


def digest(sources: Sequence[str], references: Sequence[Sequence[str]]) -> str:
    """A fingerprint of what is scored, by which a bundle knows the rows it was scored on."""
    lines = ["\t".join([source, *some]) for source, some in zip(sources, references, strict=True)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


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
    parts: dict[str, list[SentencePair]],
    encoders: tuple[SentenceEncoder, SentenceEncoder],
) -> tuple[PairBatches, PairBatches]:
    """Encode the training and validation pairs, as batches for teacher forcing."""
    text, seed, pairs = config.text, config.training.seed, parts["train"]
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
    return batches, PairBatches(_encode(parts["valid"], encoders), batch_size=64)


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
    """The encoded pairs for an epoch, cut up anew."""
    rate, seed = config.text.bpe_dropout, config.training.seed
    source = BPEDropout(encoders[0], [pair.source for pair in pairs], rate, seed)
    target = BPEDropout(encoders[1], [pair.target for pair in pairs], rate, seed + 1)
    return lambda epoch: list(zip(source(epoch), target(epoch), strict=True))
