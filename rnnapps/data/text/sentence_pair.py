"""A sentence and its translation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence, a translation of it, and where they stand (`train.en:17`)."""

    source: str
    target: str
    where: str
