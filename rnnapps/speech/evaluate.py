"""Score a recogniser of speech beside its baselines.

On the recordings that were held out of its training, or on others:

    rnnapps evaluate speech --model runs/speech
    rnnapps evaluate speech --data folder --beam-width 16 --language-model sentences.txt
    rnnapps evaluate speech --model runs/speech --stream
"""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.errors import UserError
from rnnapps.evaluation.options import EvaluationOptions
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, interval, markdown, scores_table
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.speech.config import UtteranceConfig

if TYPE_CHECKING:
    from rnnapps.speech.data import Recordings
    from rnnapps.speech.predictor import SpeechPredictor

COLUMNS: dict[str, Column] = {
    "wer": ("WER", "{:.1%}"),
    "wer_interval": ("95 % interval", interval),
    "cer": ("CER", "{:.1%}"),
    "substitutions": ("words substituted", "{:,}"),
    "insertions": ("inserted", "{:,}"),
    "deletions": ("deleted", "{:,}"),
    "exact": ("recordings without an error", "{:.1%}"),
}
SHOWN = 10  # confused words


def evaluate(
    recogniser: "SpeechPredictor",
    examples: "Recordings",
    stream: bool = False,
    decoding: CTCConfig = CTCConfig(),  # noqa: B008  it is frozen
    utterances: UtteranceConfig = UtteranceConfig(),  # noqa: B008
) -> dict[str, Any]:
    """Score a recogniser on recordings with their texts, or with `stream` on them as they are spoken.

    Returns:
        The report of `rnnapps.metrics.transcription`, of words, with the texts, the options of decoding,
        and how long a second of sound took, compilation included; of a stream what
        `rnnapps.speech.stream.stream_texts` measures.

    Raises:
        UserError: another sampling rate than the network's, or a network that cannot stream.
    """
    if examples.sampling_rate != recogniser.sampling_rate:
        raise UserError(
            f"--sampling-rate {examples.sampling_rate}: this network hears {recogniser.sampling_rate} "
            f"Hz, to which recordings are resampled: drop the flag"
        )
    measured: dict[str, Any]
    if stream:
        from rnnapps.speech.stream import stream_texts

        texts, measured = stream_texts(recogniser, examples.inputs, decoding, utterances)
    else:
        start = time.perf_counter()
        found = recogniser.transcripts(examples.inputs, decoding)
        took = time.perf_counter() - start
        texts = [" ".join(hypotheses[0].text.split()) for hypotheses in found]
        seconds = sum(map(len, examples.inputs)) / recogniser.sampling_rate
        measured = {"milliseconds_per_second": round(1000 * took / seconds, 2)}
    scores = speech_report(texts, examples) | measured
    return report(examples.digest(), scores | {"texts": texts, "decoding": asdict(decoding)})


def speech_report(texts: list[str], examples: "Recordings") -> dict[str, Any]:
    """The scores of texts of recordings, word by word."""
    from rnnapps.metrics.transcription import transcription_report

    return transcription_report(texts, examples.texts, examples.groups, "words")


def table(report: dict[str, Any]) -> str:
    """A report for people, in Markdown: error rates, and the words that are most confused."""
    rows = [
        [there or "(nothing)", heard or "(nothing)", f"{count:,}"]
        for there, heard, count in report["scores"]["confused"][:SHOWN]
    ]
    parts = [scores_table(report, COLUMNS), markdown(["said", "written", "times"], rows)]
    if latency := report["scores"].get("latency"):
        parts.append(latency)
    return "\n\n".join(parts)


@dataclass(frozen=True)
class EvaluateOptions(EvaluationOptions):
    """Score a bundle on the test recordings of its source, or on other recordings."""

    model: str = "speech/digits"
    """path or name of a bundle"""
    stream: bool = False
    """hear the recordings block by block, as they are spoken, and time it"""
    source: SpeechSourceConfig = SpeechSourceConfig()
    decoding: CTCConfig = CTCConfig()
    utterances: UtteranceConfig = UtteranceConfig()
