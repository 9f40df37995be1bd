"""Keyword recognition: which word is said in a clip, and when in a stream. See README.md beside this."""

from rnnapps.keywords.config import KeywordsConfig

__all__ = ["KeywordsConfig"]
