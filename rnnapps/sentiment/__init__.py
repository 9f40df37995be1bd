"""Sentiment analysis: which of a few classes a text belongs to. See README.md beside this file."""

from rnnapps.sentiment.config import SentimentConfig

__all__ = ["SentimentConfig"]
