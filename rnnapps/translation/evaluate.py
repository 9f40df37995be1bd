"""Score a translator beside its baselines.

On the sentences that were held out of its training, or on others:

    rnnapps evaluate translation --model runs/translation
    rnnapps evaluate translation --data my_folder --beam-width 10 --json scores.json
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnapps import bundle
from rnnapps.command_line import command, run
from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.decoding_config import DecodingConfig
from rnnapps.evaluation import evaluation_options, part_to_score
from rnnapps.outputs import write_json
from rnnapps.translation.config import TranslationConfig

if TYPE_CHECKING:
    from rnnapps.translation.infer import Translator

SCORES = {
    "bleu": "BLEU",
    "bleu_lowercase": "BLEU, lower-cased",
    "bleu_tokenised_lowercase": "BLEU, tokens lower-cased",
    "chrf": "chrF",
    "chrf_lowercase": "chrF, lower-cased",
}


def evaluate(
    translate: "Translator",
    sources: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str = "",
    decoding: DecodingConfig = DecodingConfig(),  # noqa: B008  it is frozen
) -> dict[str, Any]:
    """Score a translator on sentences with one or more references each.

    Returns:
        The report of `rnnapps.metrics.translation.translation_report`; under "baselines" the same for
        copies of the sources; the decoding options, and how many sentences it translated a second,
        compilation included.
    """
    from dataclasses import asdict

    from rnnapps.metrics.translation import translation_report
    from rnnapps.metrics.translation_memory import copy_source

    start = time.perf_counter()
    translations = [translation.text for translation in translate(sources, decoding)]
    seconds = time.perf_counter() - start
    return translation_report(translations, references, language) | {
        "baselines": {
            "copy of the source": translation_report(copy_source(sources), references, language)
        },
        "decoding": asdict(decoding),
        "sentences_per_second": round(len(sources) / seconds, 1),
    }


def table(metrics: dict[str, Any]) -> str:
    """The scores for people, in Markdown, with their signatures."""
    rows = {"this network": metrics, **metrics["baselines"]}
    lines = [
        "| model | " + " | ".join(SCORES.values()) + " | words a sentence |",
        "|---|" + "---|" * (len(SCORES) + 1),
    ]
    for name, scores in rows.items():
        figures = " | ".join(f"{scores[score]:.1f}" for score in SCORES)
        lines.append(f"| {name} | {figures} | {scores['words']['translation']:.1f} |")
    lines.append(f"| references | | | | | | {metrics['words']['reference']:.1f} |")
    lines.append("")
    lines += [f"{SCORES[name]}: `{text}`  " for name, text in metrics["signatures"].items()]
    return "\n".join(lines)


def card(config: TranslationConfig, metrics: dict[str, Any]) -> str:
    """What a bundle is, for people, in Markdown."""
    training, environment = metrics["training"], metrics["environment"]
    source = config.source
    return f"""\
# Translation: {source.source_language} to {source.target_language}

Made by `{command(config, "rnnapps train translation")}` in {training["seconds"]} seconds of training
on {environment["cores"]} cores ({environment["processor"]}), {environment["backend"]}, Keras
{environment["keras"]}, seed {training["seed"]}: {training["parameters"]:,} parameters,
{training["epochs"]} epochs over {training["pairs"]:,} pairs of `{source.data}`; the weights were chosen
on the validation pairs.

On its {metrics["rows"]:,} test sentences, of which training and the choice of the weights saw none, with
a beam of {metrics["decoding"]["beam_width"]}:

{table(metrics)}

![learning curve](learning_curve.png) ![alignment of a test sentence](alignment.png)

It translates one sentence at a time, of the kind that it was trained on, and is sure of itself with
others too: read what it writes before you rely on it.

{config.training.note or ORIGINS.get(source.data, "")}
"""


ORIGINS = {
    "embedded": """\
The training data are sentence pairs of the Tatoeba project (tatoeba.org, by way of
www.manythings.org/anki), CC BY 2.0 France."""
}


@dataclass(frozen=True)
class EvaluateOptions:
    """Score a bundle on the test pairs of its source, or on other pairs."""

    model: str = "translation/en-fr"
    """path or name of a bundle"""
    json: str | None = None
    """file to write the scores to"""
    part: Literal["auto", "train", "valid", "test", "all"] = "auto"
    """pairs to score; auto: the test part of the source that the bundle was trained on or of one that
    comes in parts, and all pairs of another file"""
    source: ParallelSourceConfig = ParallelSourceConfig()
    decoding: DecodingConfig = DecodingConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    options, trained_on, path, _ = evaluation_options(EvaluateOptions, arguments, "translation")
    source = options.source
    part = part_to_score(options.part, source.data, trained_on.data)

    from rnnapps.translation import data
    from rnnapps.translation.infer import load

    sources, references = data.load_part(source, part)
    metrics = evaluate(load(path), sources, references, source.target_language, options.decoding)
    digest = data.digest(sources, references)
    stored = bundle.read_json(path / bundle.METRICS)
    if digest == stored["data"]["digest"]:
        metrics["baselines"] = stored["baselines"]  # made when their training pairs were at hand
    metrics["data"] = {"source": source.data, "part": part, "digest": digest}
    print(
        f"{len(sources):,} sentences of {source.data} ({part}), "
        f"{metrics['sentences_per_second']} a second\n\n{table(metrics)}"
    )
    if options.json:
        write_json(Path(options.json), metrics)


if __name__ == "__main__":
    run(main)
