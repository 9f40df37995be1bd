"""Language models: text that goes on. See README.md beside this file."""

from rnnapps.language_model.config import LanguageModelConfig

__all__ = ["LanguageModelConfig"]
