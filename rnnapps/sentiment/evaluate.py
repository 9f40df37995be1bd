"""Score a sentiment classifier beside its baselines.

On the texts that were held out of its training, or on others:

    rnnapps evaluate sentiment --model runs/sentiment
    rnnapps evaluate sentiment --data reviews.csv --json scores.json --plot confusion.png

`evaluate(predictor, examples)` gives the report of a classifier, and `table(report)` shows it.
"""

from dataclasses import dataclass

from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.evaluation.classification import COLUMNS, evaluate, plot, table
from rnnapps.evaluation.options import EvaluationOptions

__all__ = ["COLUMNS", "EvaluateOptions", "evaluate", "plot", "table"]


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test texts of its source, or on other labelled texts."""

    model: str = "sentiment"
    """path or name of a bundle"""
    plot: str | None = None
    """PNG file to draw the confusion matrix to"""
    source: TextSourceConfig = TextSourceConfig()
