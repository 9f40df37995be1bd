"""The card of a bundle: what it is, for people, in Markdown."""

from collections.abc import Callable, Iterable
from typing import Any

from rnnapps.applications import APPLICATIONS
from rnnapps.config import command


def describe(
    application: str,
    config: Any,
    metrics: dict[str, Any],
    table: Callable[[dict[str, Any]], str],
    title: str,
    limits: str,
    note: str,
    plots: Iterable[str],
) -> str:
    """The text of a card.

    Args:
        application: its name.
        config: that it was trained with.
        metrics: in the schema of `rnnapps.evaluation.report`.
        table: shows them to people, in Markdown.
        title: of the card.
        limits: what the user of the bundle has to know.
        note: on the origin of the data.
        plots: names of the bundle's pictures, without `.png`.
    """
    training, environment = metrics["training"], metrics["environment"]
    what = APPLICATIONS[application].examples
    split = metrics["data"]["split"]
    choice = "which neither training nor that choice saw"
    if split == "validation":
        choice = "which also chose these weights, as the source has no test part"
    pictures = " ".join(f"![{name.replace('_', ' ')}]({name}.png)" for name in plots)
    return f"""\
# {title}

Made by `{command(config, f"rnnapps train {application}")}` in {training["seconds"]:,} seconds of
training on {environment["cores"]} cores ({environment["processor"]}), {environment["backend"]}, Keras
{environment["keras"]}, seed {training["seed"]}: {training["parameters"]:,} parameters,
{training["epochs"]} epochs over {training["rows"]:,} training {what} of `{config.source.data}`. The
weights are those of the lowest loss on the validation {what} ({training["validation_loss"]:.4g}).

On {metrics["scores"]["rows"]:,} {split} {what}, {choice}:

{table(metrics)}

Signature: `{metrics["signature"]}`.

{pictures}

{limits}

{note}
"""
