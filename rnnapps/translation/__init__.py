"""Translation: a sentence of one language into another. See README.md beside this file."""

from rnnapps.translation.config import TranslationConfig

__all__ = ["TranslationConfig"]
