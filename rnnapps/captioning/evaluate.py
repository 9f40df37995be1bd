"""Score a captioner beside its baselines.

On the pictures that were held out of its training, or on others:

    rnnapps evaluate captioning --model runs/captioning --page pictures.html
    rnnapps evaluate captioning --data my_folder --beam-width 10 --json scores.json
"""

import logging
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, scores_table
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.outputs import check_file

if TYPE_CHECKING:
    from rnnapps.captioning.data import CaptionedPictures
    from rnnapps.captioning.predictor import CaptioningPredictor

log = logging.getLogger(__name__)

FIGURES = {
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "rouge_l": "ROUGE-L",
    "cider": "CIDEr",
}
COLUMNS: dict[str, Column] = {
    **{name: (title, "{:.1f}") for name, title in FIGURES.items()},
    "exact_match": ("exact", "{:.1%}"),
    "words": ("words", "{:.1f}"),
    "vocabulary": ("vocabulary", "{:,}"),
    "unseen": ("not in training", "{:.0%}"),
}


def evaluate(
    captioner: "CaptioningPredictor",
    examples: "CaptionedPictures",
    training: Collection[str] | None = None,
    decoding: DecodingConfig = DecodingConfig(),  # noqa: B008  it is frozen
    page: str | None = None,
) -> dict[str, Any]:
    """Score a captioner on pictures with one or more captions each.

    Args:
        captioner: to be scored.
        examples: the pictures and their captions.
        training: the captions that it learnt from, if they are at hand.
        decoding: beam width, penalties or sampling.
        page: HTML file to write the pictures with their captions to.

    Returns:
        The report of `rnnapps.metrics.captions.caption_report`, with the captions, the decoding options,
        and how many captions it wrote a second, compilation included. It has no baselines, which need
        the training pictures.
    """
    from rnnapps.metrics.captions import caption_report, import_scorers

    import_scorers()  # a missing package is told before the work
    inputs = captioner.features(examples.pictures)
    start = time.perf_counter()
    captions = [hypotheses[0].text for hypotheses in captioner.caption(inputs, decoding)]
    seconds = time.perf_counter() - start
    scores = caption_report(captions, examples.captions, training) | {
        "captions": captions,
        "decoding": asdict(decoding),
        "captions_per_second": round(len(captions) / seconds, 1),
    }
    if page is not None:
        from rnnapps.captioning.page import write_captions

        figures = {
            title: f"{scores[name]:.1f}" for name, title in FIGURES.items() if scores[name] is not None
        }
        write_captions(Path(page), captioner, examples, captions, figures)
        log.info("%s: written", page)
    return report(examples.digest(), scores)


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    return scores_table(report, COLUMNS)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test pictures of its source, or on other pictures."""

    model: str = "captioning/emoji"
    """path or name of a bundle"""
    page: str | None = None
    """HTML file for the pictures with their captions, references and scores, the worst first"""
    source: CaptionSourceConfig = CaptionSourceConfig()
    decoding: DecodingConfig = DecodingConfig()

    def __post_init__(self):
        super().__post_init__()
        if self.page is not None:
            check_file(Path(self.page))
