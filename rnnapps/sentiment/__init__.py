"""Sentiment analysis: which of a few classes a text belongs to. See README.md beside this file."""

import sys

from rnnapps.sentiment.config import SentimentConfig

__all__ = ["SentimentConfig", "evaluate", "load", "train"]

# `python -m rnnapps.sentiment.train` imports this package first, and then warns if it has imported
# train.py already. While it looks for the module, sys.argv[0] is "-m".
if sys.argv[:1] != ["-m"]:
    from rnnapps.sentiment.evaluate import evaluate
    from rnnapps.sentiment.infer import load
    from rnnapps.sentiment.train import train
