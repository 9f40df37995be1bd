"""Score a sentiment classifier beside its baseline.

On the rows that were held out of its training, or on others:

    rnnapps evaluate sentiment --model runs/sentiment
    rnnapps evaluate sentiment --data reviews.csv --json scores.json
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnapps import bundle
from rnnapps.command_line import command, run
from rnnapps.data.source_config import SourceConfig
from rnnapps.evaluation import evaluation_options, part_to_score
from rnnapps.outputs import write_json
from rnnapps.sentiment.config import SentimentConfig

if TYPE_CHECKING:
    from rnnapps.sentiment.data import Examples
    from rnnapps.sentiment.infer import SentimentPredictor


def evaluate(predictor: "SentimentPredictor", examples: "Examples") -> dict[str, Any]:
    """Score a predictor on labelled examples.

    Returns:
        The report of `rnnapps.metrics.classification.classification_report`, and under "baseline"
        the same for always giving the most frequent class.
    """
    import numpy as np

    from rnnapps.metrics.classification import classification_report

    probabilities = predictor.probabilities(examples.texts)
    frequent = np.bincount(examples.classes, minlength=len(predictor.labels))
    shares = np.tile(frequent / frequent.sum(), (len(examples.texts), 1))
    return classification_report(examples.classes, probabilities, predictor.labels) | {
        "baseline": {"name": "the most frequent class of these rows"}
        | classification_report(examples.classes, shares, predictor.labels)
    }


def table(metrics: dict[str, Any]) -> str:
    """The scores for people, in Markdown."""
    from rnnapps.metrics.classification import classification_table

    return classification_table(metrics, "class", "rows")


def card(config: SentimentConfig, labels: tuple[str, ...], metrics: dict[str, Any]) -> str:
    """What a bundle is, for people, in Markdown."""
    training, environment = metrics["training"], metrics["environment"]
    return f"""\
# Sentiment: {" or ".join(labels)}

Made by `{command(config, "rnnapps train sentiment")}` in {training["seconds"]} seconds of training
on {environment["cores"]} cores ({environment["processor"]}), {environment["backend"]}, Keras
{environment["keras"]}, seed {training["seed"]}: {training["parameters"]:,} parameters,
{training["epochs"]} epochs over {training["rows"]:,} rows of `{config.source.data}`; the best epoch
was chosen on the validation rows ({training["valid_accuracy"]:.1%}).

On its {metrics["rows"]:,} test rows, of which training and the choice of the epoch saw none:

{table(metrics)}

Signature: `{metrics["signature"]}`.

![learning curve](learning_curve.png) ![confusion matrix](confusion_matrix.png)

It reads {config.text.max_length} tokens of a text (of longer ones: {config.text.long_texts}). It
knows the language and kind of text that it was trained on, and gives a class to any other text too.

{config.training.note or ORIGINS.get(config.source.data, "")}
"""


ORIGINS = {
    "embedded": """\
The training data are the rated sentences of Hutto and Gilbert, "VADER: A Parsimonious Rule-based
Model for Sentiment Analysis of Social Media Text" (ICWSM 2014), MIT licence, from the package
vaderSentiment 0.5. Its movie sentences are those of rt-polarity: do not score this model on
rt-polarity or SST-2."""
}


@dataclass(frozen=True)
class EvaluateOptions:
    """Score a bundle on the test rows of its source, or on other labelled rows."""

    model: str = "sentiment"
    """path or name of a bundle"""
    json: str | None = None
    """file to write the scores to"""
    part: Literal["auto", "train", "valid", "test", "all"] = "auto"
    """rows to score; auto: the test part of the source that the bundle was trained on or of one that
    comes in parts, and all rows of another file"""
    source: SourceConfig = SourceConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    options, trained_on, path, settings = evaluation_options(EvaluateOptions, arguments, "sentiment")
    source = options.source
    part = part_to_score(options.part, source.data, trained_on.data)

    from rnnapps.sentiment import data
    from rnnapps.sentiment.infer import load

    examples = data.load_part(source, tuple(settings["labels"]), part)
    metrics = evaluate(load(path), examples)
    stored = bundle.read_json(path / bundle.METRICS)
    if examples.digest() == stored["data"]["digest"]:
        metrics["baseline"] = stored["baseline"]  # it was fitted when its training rows were at hand
    metrics["data"] = {"source": source.data, "part": part, "digest": examples.digest()}
    print(f"{len(examples.texts):,} rows of {source.data} ({part})\n\n{table(metrics)}")
    if options.json:
        write_json(Path(options.json), metrics)


if __name__ == "__main__":
    run(main)
