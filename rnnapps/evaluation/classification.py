"""What the applications that classify share: their report and its tables."""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rnnapps.data.labelled_examples import LabelledExamples
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, interval, markdown, scores_table
from rnnapps.metrics.classification import classification_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

COLUMNS: dict[str, Column] = {
    "accuracy": ("accuracy", "{:.1%}"),
    "accuracy_interval": ("95 % interval", interval),
    "macro_f1": ("macro F1", "{:.3f}"),
    "calibration_error": ("calibration error", "{:.3f}"),
}


class Classifier(Protocol):
    """A predictor that gives each input a probability for every label."""

    labels: tuple[str, ...]

    def probabilities(self, inputs: "Sequence[Any]") -> np.ndarray:
        """Float32 `(rows, classes)`."""
        ...


def evaluate(classifier: Classifier, examples: LabelledExamples) -> dict[str, Any]:
    """Score a classifier on labelled examples, beside always giving the most frequent class.

    Returns:
        The report (`rnnapps.evaluation.report`) of `classification_report`.
    """
    probabilities = classifier.probabilities(examples.inputs)
    counts = np.bincount(examples.classes, minlength=len(classifier.labels))
    shares = np.tile(counts / counts.sum(), (len(examples), 1))
    scores, frequent = (
        classification_report(examples.classes, given, classifier.labels)
        for given in (probabilities, shares)
    )
    return report(examples.digest(), scores, {"the most frequent class": frequent})


def score_classes(examples: LabelledExamples, predicted: np.ndarray) -> dict[str, Any]:
    """The scores of a classifier that gives classes, int `(rows,)`, and no probabilities."""
    one_hot = np.eye(len(examples.labels))[predicted]
    scores = classification_report(examples.classes, one_hot, examples.labels)
    del scores["calibration_error"]
    return scores


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown: the network beside its baselines, and each class."""
    classes = [
        [
            label,
            *(f"{scores[name]:.3f}" for name in ("precision", "recall", "f1")),
            f"{scores['rows']:,}",
        ]
        for label, scores in report["scores"]["classes"].items()
    ]
    of_classes = markdown(["class", "precision", "recall", "F1", "rows"], classes)
    return f"{scores_table(report, COLUMNS)}\n\n{of_classes}"


def plot(classifier: Classifier, examples: LabelledExamples, report: dict[str, Any]) -> "Figure":
    """The confusion matrix of a report."""
    from rnnapps.evaluation.plots import plot_confusion_matrix

    return plot_confusion_matrix(report["scores"]["confusion_matrix"], examples.labels)
