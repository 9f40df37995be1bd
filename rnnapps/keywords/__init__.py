"""Keyword recognition: which word is said in a clip, and when in a stream. See README.md beside this."""

import sys

from rnnapps.keywords.config import KeywordsConfig

__all__ = ["KeywordsConfig", "evaluate", "load", "train"]

# `python -m rnnapps.keywords.train` imports this package first, and then warns if it has imported
# train.py already. While it looks for the module, sys.argv[0] is "-m".
if sys.argv[:1] != ["-m"]:
    from rnnapps.keywords.evaluate import evaluate
    from rnnapps.keywords.infer import load
    from rnnapps.keywords.train import train
