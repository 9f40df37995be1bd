"""Score a classifier of DNA sequences beside its baselines.

On the sequences that were held out of its training, or on others:

    rnnapps evaluate dna --model runs/dna
    rnnapps evaluate dna --data promoters.csv --json scores.json --plot confusion.png

`evaluate(predictor, examples)` gives the report of a classifier, and `table(report)` shows it.
"""

from dataclasses import dataclass

from rnnapps.data.symbols.source_config import SequenceSourceConfig
from rnnapps.evaluation.classification import COLUMNS, evaluate, plot, table
from rnnapps.evaluation.options import EvaluationOptions

__all__ = ["COLUMNS", "EvaluateOptions", "evaluate", "plot", "table"]


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test sequences of its source, or on other labelled sequences."""

    model: str = "dna"
    """path or name of a bundle"""
    plot: str | None = None
    """PNG file to draw the confusion matrix to"""
    source: SequenceSourceConfig = SequenceSourceConfig()
