"""Image captioning: a sentence for a picture, and where the network looked. See README.md."""

from rnnapps.captioning.config import CaptioningConfig

__all__ = ["CaptioningConfig"]
