"""Image captioning: a sentence for a picture, and where the network looked. See README.md."""

import sys

from rnnapps.captioning.config import CaptioningConfig

__all__ = ["CaptioningConfig", "evaluate", "load", "train"]

# `python -m rnnapps.captioning.train` imports this package first, and then warns if it has imported
# train.py already. While it looks for the module, sys.argv[0] is "-m".
if sys.argv[:1] != ["-m"]:
    from rnnapps.captioning.evaluate import evaluate
    from rnnapps.captioning.infer import load
    from rnnapps.captioning.train import train
