"""Image encoders, from pixels to a grid of features for attention; pretrained word vectors."""

from rnnapps.encoders.image_encoder import build

__all__ = ["build"]
