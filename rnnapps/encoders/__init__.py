"""Image encoders: from the pixels of a picture to a grid of features, for attention to look at."""

from rnnapps.encoders.image_encoder import build

__all__ = ["build"]
