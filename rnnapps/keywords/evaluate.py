"""Score a keyword recogniser: on clips beside its baseline, and on long recordings.

On the clips that were held out of its training, or on others:

    rnnapps evaluate keywords --model runs/keywords --plot confusion.png
    rnnapps evaluate keywords --data folder --json scores.json
    rnnapps evaluate keywords --model runs/keywords --stream
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.errors import UserError
from rnnapps.evaluation import classification
from rnnapps.evaluation.classification import COLUMNS
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.keywords.config import DetectionConfig
from rnnapps.keywords.stream_scores import evaluate_stream, stream_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rnnapps.keywords.data import Clips
    from rnnapps.keywords.predictor import KeywordsPredictor

__all__ = ["COLUMNS", "EvaluateOptions", "evaluate", "plot", "table"]


def evaluate(
    recogniser: "KeywordsPredictor",
    clips: "Clips",
    stream: bool = False,
    stream_seed: int = 0,
    detection: DetectionConfig = DetectionConfig(),  # noqa: B008  it is frozen
) -> dict[str, Any]:
    """Score a recogniser on clips whose words are known, or with `stream` as a detector of words.

    Returns:
        The report of `rnnapps.evaluation.classification.evaluate`, or that of
        `rnnapps.keywords.stream_scores`.
    """
    if clips.sampling_rate != recogniser.sampling_rate:
        raise UserError(
            f"--sampling-rate {clips.sampling_rate}: this network reads {recogniser.sampling_rate} Hz, "
            f"to which clips are resampled: drop the flag"
        )
    if stream:
        return evaluate_stream(recogniser, clips, detection, stream_seed)
    return classification.evaluate(recogniser, clips)


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    of_stream = "thresholds" in report["scores"]
    return stream_table(report["scores"]) if of_stream else classification.table(report)


def plot(recogniser: "KeywordsPredictor", clips: "Clips", report: dict[str, Any]) -> "Figure":
    """The confusion matrix, and beside it false alarms against misses of each word."""
    from matplotlib.figure import Figure

    from rnnapps.evaluation.plots import plot_confusion_matrix, plot_det_curve

    if "thresholds" in report["scores"]:
        raise UserError("--plot is for clips: leave out --stream")
    figure = Figure(figsize=(15, 6.5), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    plot_confusion_matrix(report["scores"]["confusion_matrix"], clips.labels, left)
    plot_det_curve(clips.classes, recogniser.probabilities(clips.inputs), clips.labels, right)
    return figure


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test clips of its source, or on other clips."""

    model: str = "keywords/digits"
    """path or name of a bundle"""
    plot: str | None = None
    """PNG file to draw the confusion matrix and the DET curves to"""
    stream: bool = False
    """score words detected in a long recording made of the clips, instead of the clips"""
    stream_seed: int = 0
    """seed of the order of the clips in it, and of the pauses"""
    source: SoundSourceConfig = SoundSourceConfig()
    detection: DetectionConfig = DetectionConfig()

    def __post_init__(self):
        super().__post_init__()
        if self.stream and self.plot is not None:
            raise UserError("--plot is for clips: leave out --stream")
