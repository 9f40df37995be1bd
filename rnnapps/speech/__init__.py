"""Speech: recordings become text, whole or as they are spoken. See README.md beside this file."""

from rnnapps.speech.config import SpeechConfig

__all__ = ["SpeechConfig"]
