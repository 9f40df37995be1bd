"""Working recurrent-network applications on Keras 3.

From a trained bundle to a prediction:

    import rnnapps
    classify = rnnapps.load("sentiment")
    print(classify("A charming film, if a little slow."))
"""

from pathlib import Path
from typing import Any

__version__ = "0.1.0"

APPLICATIONS = ("sentiment", "translation", "keywords", "captioning")


def load(model: str | Path) -> Any:
    """Load a trained bundle and return its predictor, which is called with raw input.

    Args:
        model: the path of a bundle's folder, or a name: an application (`"sentiment"`: its newest
            shipped bundle) or an application and a bundle (`"sentiment/sentences"`); names are looked
            up in `saved_models` of the current folder and of the clone that rnnapps is installed from.

    Raises:
        rnnapps.errors.UserError: there is no such bundle, or it is damaged, or it was written by a
            later version of rnnapps.
    """
    from importlib import import_module

    from rnnapps import bundle

    path = bundle.find(model)
    application = bundle.check(path)["application"]
    return import_module(f"rnnapps.{application}.infer").load(path)
