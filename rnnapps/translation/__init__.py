"""Translation: a sentence of one language into another. See README.md beside this file."""

import sys

from rnnapps.translation.config import TranslationConfig

__all__ = ["TranslationConfig", "evaluate", "load", "train"]

# As in rnnapps/sentiment/__init__.py: `python -m rnnapps.translation.train` imports this package first.
if sys.argv[:1] != ["-m"]:
    from rnnapps.translation.evaluate import evaluate
    from rnnapps.translation.infer import load
    from rnnapps.translation.train import train
