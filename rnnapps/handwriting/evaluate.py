"""Score a reader of handwriting beside its baselines.

On the lines that were held out of its training, or on others:

    rnnapps evaluate handwriting --model runs/handwriting
    rnnapps evaluate handwriting --data my_lines --beam-width 16 --language-model letters.txt
"""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, interval, markdown, scores_table
from rnnapps.inference.ctc_config import CTCConfig

if TYPE_CHECKING:
    from rnnapps.handwriting.data import Lines
    from rnnapps.handwriting.predictor import HandwritingPredictor
    from rnnapps.handwriting.writing.predictor import HandwritingWriter

COLUMNS: dict[str, Column] = {
    "cer": ("CER", "{:.1%}"),
    "cer_interval": ("95 % interval", interval),
    "wer": ("WER", "{:.1%}"),
    "exact": ("lines without an error", "{:.1%}"),
    "nats": ("nats a step of the pen", "{:.3f}"),
}
SHOWN = 10  # confused characters


def evaluate(
    reader: "HandwritingPredictor | HandwritingWriter",
    examples: "Lines",
    decoding: CTCConfig = CTCConfig(),  # noqa: B008  it is frozen
) -> dict[str, Any]:
    """Score a reader, or a writer, on lines with their texts.

    Returns:
        The report of `rnnapps.metrics.transcription`, with the texts, the options of decoding, and how
        many lines it read a second, compilation included; of a writer that of `rnnapps.metrics.pen`. It
        has no baselines, which need the training lines.
    """
    from rnnapps.handwriting.predictor import HandwritingPredictor
    from rnnapps.metrics.transcription import transcription_report

    if not isinstance(reader, HandwritingPredictor):
        return _evaluate_writer(reader, examples)
    start = time.perf_counter()
    texts = [hypotheses[0].text for hypotheses in reader.read_lines(examples.inputs, decoding)]
    seconds = time.perf_counter() - start
    scores = transcription_report(texts, examples.texts, examples.groups) | {
        "texts": texts,
        "decoding": asdict(decoding),
        "lines_per_second": round(len(texts) / seconds, 1),
    }
    return report(examples.digest(), scores)


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown: error rates, and the characters that are most confused."""
    if "confused" not in report["scores"]:
        return scores_table(report, COLUMNS)
    rows = [
        [f"`{there}`" if there else "(nothing)", f"`{read}`" if read else "(nothing)", f"{count:,}"]
        for there, read, count in report["scores"]["confused"][:SHOWN]
    ]
    return f"{scores_table(report, COLUMNS)}\n\n{markdown(['written', 'read', 'times'], rows)}"


def _evaluate_writer(writer: "HandwritingWriter", examples: "Lines") -> dict[str, Any]:
    from rnnapps.handwriting.writing.data import make_lines
    from rnnapps.metrics.pen import pen_report

    lines = make_lines(writer.config, examples, writer.alphabet)
    return report(examples.digest(), pen_report(writer.nats(lines)))


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test lines of its source, or on other lines."""

    model: str = "handwriting"
    """path or name of a bundle"""
    source: LineSourceConfig = LineSourceConfig()
    decoding: CTCConfig = CTCConfig()
