"""The scores of a keyword recogniser as a detector of words in long recordings."""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnapps.data.sound.folders import SILENCE
from rnnapps.data.sound.recordings import compose
from rnnapps.evaluation.report import report
from rnnapps.evaluation.tables import Column, interval, markdown, score_cells
from rnnapps.keywords.config import DetectionConfig
from rnnapps.keywords.stream import WordDetector, target_words
from rnnapps.metrics.stream_report import stream_report

if TYPE_CHECKING:
    from rnnapps.keywords.data import Clips
    from rnnapps.keywords.predictor import KeywordsPredictor

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
STREAM_COLUMNS: dict[str, Column] = {
    "threshold": ("threshold", "{:g}"),
    "false_alarms_per_hour": ("false alarms an hour", "{:.1f}"),
    "false_alarms_interval": ("95 % interval", lambda limits: "{:.1f} to {:.1f}".format(*limits)),
    "miss_rate": ("misses", "{:.1%}"),
    "miss_interval": ("95 % interval", interval),
    "median_delay": ("median delay", "{:.2f} s"),
}


def evaluate_stream(
    recogniser: "KeywordsPredictor",
    clips: "Clips",
    detection: DetectionConfig = DetectionConfig(),  # noqa: B008  it is frozen
    seed: int = 0,
) -> dict[str, Any]:
    """Score a recogniser as a detector of words in one long recording of clips.

    Between the clips are the background noise or the clips of `_silence_` of the same split, or faint
    noise where there are none. Clips of unknown words are in it, as they are in life.

    Returns:
        The report of `rnnapps.metrics.stream_report.stream_report` at several thresholds, with the
        options of detection and the milliseconds that a hop took.

    Raises:
        UserError: the network cannot stream.
    """
    stream, rate = recogniser.stream(), recogniser.sampling_rate
    words = [recogniser.labels[number] for number in clips.classes]
    spoken = [number for number, word in enumerate(words) if word != SILENCE]
    samples, events = compose(
        [clips.inputs[number] for number in spoken],
        [words[number] for number in spoken],
        clips.noise,
        rate,
        seed,
    )
    stream.push(np.zeros(stream.hop, "float32"))  # compiles
    stream.reset()
    start = time.perf_counter()
    answers = stream.push(samples)
    seconds = time.perf_counter() - start

    def detect(threshold: float) -> list[tuple[float, str]]:
        options = replace(detection, threshold=threshold)
        found = WordDetector(recogniser.labels, stream.hop_seconds, options).push(answers)
        return [(word.time, word.word) for word in found]

    targets = target_words(recogniser.labels)
    scores = stream_report(events, detect, targets, len(samples) / rate, THRESHOLDS)
    settings = asdict(detection)
    del settings["threshold"]
    scores |= {
        "between": "background noise or silence of the split" if clips.noise else "faint noise",
        "detection": settings,
        "seed": seed,
        "milliseconds_per_hop": round(1000 * seconds / len(answers), 4),
    }
    return report(f"{clips.digest()} as a stream", scores)


def stream_table(scores: dict[str, Any]) -> str:
    """The scores of a stream for people, in Markdown."""
    about = (
        f"{scores['hours']:.2f} hours with {scores['words']:,} words and {scores['others']:,} others, "
        f"between them {scores['between']}; averaged over {scores['detection']['smoothing']:g} s; "
        f"{scores['milliseconds_per_hop']:.2f} ms a hop"
    )
    titles = [title for title, _ in STREAM_COLUMNS.values()]
    rows = [score_cells(row, STREAM_COLUMNS) for row in scores["thresholds"]]
    return f"{about}\n\n{markdown(titles, rows)}"
