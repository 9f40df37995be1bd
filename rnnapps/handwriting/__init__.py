"""Handwriting: lines of ink or of paper become text. See README.md beside this file."""

from rnnapps.handwriting.config import HandwritingConfig

__all__ = ["HandwritingConfig"]
