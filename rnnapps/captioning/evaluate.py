"""Score a captioner beside its baselines.

On the pictures that were held out of its training, or on others:

    rnnapps evaluate captioning --model runs/captioning --page pictures.html
    rnnapps evaluate captioning --data my_folder --beam-width 10 --json scores.json
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnapps import bundle
from rnnapps.captioning.config import CaptioningConfig
from rnnapps.command_line import command, run
from rnnapps.data.caption_source_config import CaptionSourceConfig
from rnnapps.decoding_config import DecodingConfig
from rnnapps.evaluation import evaluation_options, part_to_score
from rnnapps.outputs import check_file, write_json

if TYPE_CHECKING:
    import numpy as np

    from rnnapps.captioning.infer import Captioner
    from rnnapps.data.captioned_picture import CaptionedPicture

log = logging.getLogger(__name__)

SCORES = {
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "rouge_l": "ROUGE-L",
    "cider": "CIDEr",
}


def evaluate(
    captioner: "Captioner",
    inputs: "np.ndarray",
    references: Sequence[Sequence[str]],
    training: Collection[str] | None = None,
    decoding: DecodingConfig = DecodingConfig(),  # noqa: B008  it is frozen
) -> dict[str, Any]:
    """Score a captioner on pictures with one or more captions each.

    Args:
        captioner: to be scored.
        inputs: what its `inputs` made of the pictures, `(pictures, ...)`.
        references: the captions of each.
        training: the captions that it learnt from, if they are at hand.
        decoding: beam width, penalties or sampling.

    Returns:
        The report of `rnnapps.metrics.captions.caption_report`; the captions; the decoding options, and
        how many captions it wrote a second, compilation included.
    """
    from rnnapps.metrics.captions import caption_report

    start = time.perf_counter()
    captions = [hypotheses[0].text for hypotheses in captioner.caption(inputs, decoding)]
    seconds = time.perf_counter() - start
    return caption_report(captions, references, training) | {
        "captions": captions,
        "decoding": asdict(decoding),
        "captions_per_second": round(len(captions) / seconds, 1),
    }


def table(metrics: dict[str, Any]) -> str:
    """The scores for people, in Markdown, with their signature."""
    rows = {"this network": metrics, **metrics.get("baselines", {})}
    columns = [*SCORES.values(), "exact", "words", "vocabulary", "not in training"]
    lines = [f"| model | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name, scores in rows.items():
        cells = ["" if scores[score] is None else f"{scores[score]:.1f}" for score in SCORES]
        cells += [f"{scores['exact_match']:.1%}", f"{scores['words']['caption']:.1f}"]
        cells += [f"{scores['vocabulary']:,}"]
        cells += [f"{scores['unseen']:.0%}" if "unseen" in scores else ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"`{metrics['signature']}`"])


def card(config: CaptioningConfig, metrics: dict[str, Any]) -> str:
    """What a bundle is, for people, in Markdown."""
    training, environment = metrics["training"], metrics["environment"]
    return f"""\
# Captioning

Made by `{command(config, "rnnapps train captioning")}` in {training["seconds"]} seconds of training,
after {training["feature_seconds"]} for the features of the pictures, on {environment["cores"]} cores
({environment["processor"]}), {environment["backend"]}, Keras {environment["keras"]}, seed
{training["seed"]}: {training["parameters"]:,} parameters beside those of the encoder
`{config.encoder.encoder}`, {training["epochs"]} epochs over {training["pictures"]:,} pictures with
{training["captions"]:,} captions of `{config.source.data}`; the weights were chosen on the validation
pictures.

On its {metrics["rows"]:,} test pictures, of which training and the choice of the weights saw none, with
a beam of {metrics["decoding"]["beam_width"]}:

{table(metrics)}

![learning curve](learning_curve.png)

It says what pictures like those of its training most often show, and is sure of itself with others too:
do not rely on what it says of people.

{config.training.note or ORIGINS.get(config.source.data, "")}
"""


ORIGINS = {
    "embedded": """\
The training data are the pictures of Noto Emoji (Google, Apache-2.0, from emoji-datasource-google
16.0.0) with the names of Unicode's CLDR (from emojibase-data 17.0.0, MIT)."""
}


@dataclass(frozen=True)
class EvaluateOptions:
    """Score a bundle on the test pictures of its source, or on other pictures."""

    model: str = "captioning/emoji"
    """path or name of a bundle"""
    json: str | None = None
    """file to write the scores to, with the captions"""
    page: str | None = None
    """HTML file for the pictures with their captions, references and scores, the worst first"""
    part: Literal["auto", "train", "valid", "test", "all"] = "auto"
    """pictures to score; auto: the test part of the source that the bundle was trained on or of one
    that comes in parts, and all pictures of another file"""
    source: CaptionSourceConfig = CaptionSourceConfig()
    decoding: DecodingConfig = DecodingConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    options, trained_on, path, _ = evaluation_options(EvaluateOptions, arguments, "captioning")
    part = part_to_score(options.part, options.source.data, trained_on.data)
    if options.page:
        check_file(Path(options.page))

    from rnnapps.captioning import data
    from rnnapps.captioning.infer import load
    from rnnapps.metrics.captions import import_scorers

    import_scorers()  # told before any work
    pictures = data.part_of(data.load(options.source), part)
    captioner = load(path)
    inputs = data.inputs_of(pictures, captioner.encoder, captioner.config.encoder, captioner.size)
    references = [picture.captions for picture in pictures]
    metrics = evaluate(captioner, inputs, references, decoding=options.decoding)
    digest = data.digest(pictures)
    stored = bundle.read_json(path / bundle.METRICS)
    if digest == stored["data"]["digest"]:
        metrics["baselines"] = stored["baselines"]  # made when their training pictures were at hand
    metrics["data"] = {"source": options.source.data, "part": part, "digest": digest}
    print(
        f"{len(pictures):,} pictures of {options.source.data} ({part}), "
        f"{metrics['captions_per_second']} captions a second\n\n{table(metrics)}"
    )
    if options.json:
        write_json(Path(options.json), metrics)
    if options.page:
        _write_page(Path(options.page), options.source, pictures, metrics, captioner.size)
        log.info("%s: written", options.page)


def _write_page(
    file: Path,
    source: CaptionSourceConfig,
    pictures: "Sequence[CaptionedPicture]",
    metrics: dict[str, Any],
    size: tuple[int, int],
) -> None:
    from rnnapps.caption_page import PageEntry, write_page
    from rnnapps.metrics.captions import cider_by_picture

    captions, references = metrics["captions"], [picture.captions for picture in pictures]
    scores = cider_by_picture(captions, references)
    entries = (
        PageEntry(picture.pixels(size), picture.where, caption, answers, score)
        for picture, caption, answers, score in zip(pictures, captions, references, scores, strict=True)
    )
    figures = {name: f"{metrics[key]:.1f}" for key, name in SCORES.items() if metrics[key] is not None}
    write_page(file, entries, f"Captions of {source.data}", figures, language=source.language)


if __name__ == "__main__":
    run(main)
