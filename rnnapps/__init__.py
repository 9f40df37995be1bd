"""Working recurrent-network applications on Keras 3.

From a trained bundle to a prediction:

    import rnnapps
    classify = rnnapps.load("sentiment")
    print(classify("A charming film, if a little slow."))
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnapps.inference.predictor import Predictor

__version__ = "0.1.0"


def load(model: str | Path) -> "Predictor":
    """Load a trained bundle and return its predictor, which is called with raw input.

    Args:
        model: the path of a bundle's folder, or a name: an application (`"sentiment"`: its newest
            shipped bundle) or an application and a bundle (`"sentiment/sentences"`). Names are looked up
            in `saved_models` of the current folder, and among the bundles that come with rnnapps.

    Raises:
        rnnapps.errors.UserError: there is no such bundle, or it is damaged, or it was written by a
            later version of rnnapps.
    """
    from rnnapps import bundle
    from rnnapps.applications import class_of

    path = bundle.find(model)
    return class_of(bundle.check(path)["application"], "Predictor").load(path)
