"""Score a translator beside its baselines.

On the sentences that were held out of its training, or on others:

    rnnapps evaluate translation --model runs/translation
    rnnapps evaluate translation --data my_folder --beam-width 10 --json scores.json
"""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.data.text.parallel_source_config import ParallelSourceConfig
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, scores_table
from rnnapps.inference.decoding_config import DecodingConfig

if TYPE_CHECKING:
    from rnnapps.translation.data import Pairs
    from rnnapps.translation.predictor import TranslationPredictor

COLUMNS: dict[str, Column] = {
    "bleu": ("BLEU", "{:.1f}"),
    "bleu_lowercase": ("BLEU, lower-cased", "{:.1f}"),
    "bleu_tokenised_lowercase": ("BLEU, tokens lower-cased", "{:.1f}"),
    "chrf": ("chrF", "{:.1f}"),
    "chrf_lowercase": ("chrF, lower-cased", "{:.1f}"),
    "words": ("words a sentence", "{:.1f}"),
    "reference_words": ("words a reference", "{:.1f}"),
}


def evaluate(
    translate: "TranslationPredictor",
    pairs: "Pairs",
    decoding: DecodingConfig = DecodingConfig(),  # noqa: B008  it is frozen
) -> dict[str, Any]:
    """Score a translator on sentences with one or more references each.

    Returns:
        The report of `rnnapps.metrics.translation.translation_report`, with the decoding options and how
        many sentences it translated a second, compilation included; the baseline is the sources as they
        are.
    """
    from rnnapps.evaluation.translation_memory import copy_source
    from rnnapps.metrics.translation import translation_report

    (sources, references), language = pairs.scored, translate.config.source.target_language
    start = time.perf_counter()
    translations = [translation.text for translation in translate(sources, decoding)]
    seconds = time.perf_counter() - start
    scores = translation_report(translations, references, language) | {
        "decoding": asdict(decoding),
        "sentences_per_second": round(len(sources) / seconds, 1),
    }
    copy = translation_report(copy_source(sources), references, language)
    return report(pairs.digest(), scores, {"copy of the source": copy})


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown."""
    return scores_table(report, COLUMNS)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test pairs of its source, or on other pairs."""

    model: str = "translation/en-fr"
    """path or name of a bundle"""
    source: ParallelSourceConfig = ParallelSourceConfig()
    decoding: DecodingConfig = DecodingConfig()
