"""Score a keyword recogniser: on clips beside its baseline, and on long recordings.

On the clips that were held out of its training, or on others:

    rnnapps evaluate keywords --model runs/keywords --plots pictures
    rnnapps evaluate keywords --data folder --json scores.json
    rnnapps evaluate keywords --model runs/keywords --stream
"""

import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rnnapps import bundle
from rnnapps.command_line import command, run
from rnnapps.data.sound_source_config import SoundSourceConfig
from rnnapps.errors import UserError
from rnnapps.evaluation import evaluation_options
from rnnapps.keywords.config import DetectionConfig, KeywordsConfig
from rnnapps.outputs import check_folder, write_json

if TYPE_CHECKING:
    import numpy as np

    from rnnapps.keywords.data import Data, Examples
    from rnnapps.keywords.infer import KeywordRecogniser

log = logging.getLogger(__name__)

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def evaluate(
    recogniser: "KeywordRecogniser",
    examples: "Examples",
    probabilities: "np.ndarray | None" = None,
) -> dict[str, Any]:
    """Score a recogniser on clips whose words are known.

    Args:
        recogniser: to be scored.
        examples: the clips.
        probabilities: what it makes of them, if that is known.

    Returns:
        The report of `rnnapps.metrics.classification.classification_report`, and under "baseline" the
        scores of always giving the most frequent word.
    """
    import numpy as np

    from rnnapps.metrics.classification import classification_report

    if probabilities is None:
        probabilities = recogniser.probabilities(examples.clips)
    frequent = np.bincount(examples.classes, minlength=len(recogniser.labels)).argmax()
    always = np.full(len(examples.classes), frequent)
    return classification_report(examples.classes, probabilities, recogniser.labels) | {
        "baseline": {"name": "the most frequent word of these clips"}
        | score_classes(examples.classes, always, recogniser.labels)
    }


def score_classes(true: "np.ndarray", predicted: "np.ndarray", labels: tuple[str, ...]) -> dict:
    """The report of a classifier that gives classes, int `(rows,)`, and no probabilities."""
    import numpy as np

    from rnnapps.metrics.classification import classification_report

    report = classification_report(true, np.eye(len(labels))[predicted], labels)
    del report["calibration_error"]
    return report


def evaluate_stream(
    recogniser: "KeywordRecogniser",
    source: "Data",
    part: str = "test",
    detection: DetectionConfig = DetectionConfig(),  # noqa: B008  it is frozen
    seed: int = 0,
) -> dict[str, Any]:
    """Score a recogniser as a detector of words in one long recording of the clips of a part.

    Between the clips are the background noise or the clips of `_silence_` of the same part, or faint
    noise where there are none. Clips of unknown words are in it, as they are in life.

    Returns:
        The report of `rnnapps.metrics.stream_report.stream_report` at several thresholds, the options of
        detection, and the milliseconds that a hop took.

    Raises:
        UserError: the network cannot stream.
    """
    import numpy as np

    from rnnapps.data.sound_folders import SILENCE
    from rnnapps.data.sound_recordings import compose
    from rnnapps.keywords.stream import WordDetector, target_words
    from rnnapps.metrics.stream_report import stream_report

    stream = recogniser.stream()
    examples, rate = source.examples[part], recogniser.sampling_rate
    words = [recogniser.labels[number] for number in examples.classes]
    spoken = [number for number, word in enumerate(words) if word != SILENCE]
    samples, events = compose(
        [examples.clips[number] for number in spoken],
        [words[number] for number in spoken],
        source.noise[part],
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

    report = stream_report(
        events, detect, target_words(recogniser.labels), len(samples) / rate, THRESHOLDS
    )
    settings = asdict(detection)
    del settings["threshold"]
    return report | {
        "between": "background noise or silence of the part" if source.noise[part] else "faint noise",
        "detection": settings,
        "seed": seed,
        "milliseconds_per_hop": round(1000 * seconds / len(answers), 4),
    }


def table(metrics: dict[str, Any]) -> str:
    """The scores for people, in Markdown."""
    from rnnapps.metrics.classification import classification_table

    return classification_table(metrics, "word", "clips")


def stream_table(report: dict[str, Any]) -> str:
    """The scores of a stream for people, in Markdown."""
    lines = [
        f"{report['hours']:.2f} hours with {report['words']:,} words and {report['others']:,} others, "
        f"between them {report['between']}; averaged over {report['detection']['smoothing']:g} s; "
        f"{report['milliseconds_per_hop']:.2f} ms a hop",
        "",
        "| threshold | false alarms an hour | 95 % interval | misses | 95 % interval | median delay |",
        "|---|---|---|---|---|---|",
    ]
    for row in report["thresholds"]:
        low, high = row["false_alarms_interval"]
        first, last = row.get("miss_interval", (0.0, 1.0))
        delay = "" if row["median_delay"] is None else f"{row['median_delay']:.2f} s"
        lines.append(
            f"| {row['threshold']:g} | {row['false_alarms_per_hour']:.1f} | {low:.1f} to {high:.1f} "
            f"| {row.get('miss_rate', 0.0):.1%} | {first:.1%} to {last:.1%} | {delay} |"
        )
    return "\n".join(lines)


def card(config: KeywordsConfig, labels: tuple[str, ...], metrics: dict[str, Any]) -> str:
    """What a bundle is, for people, in Markdown."""
    training, environment = metrics["training"], metrics["environment"]
    return f"""\
# Keywords: {", ".join(labels)}

Made by `{command(config, "rnnapps train keywords")}` in {training["seconds"]} seconds of training
on {environment["cores"]} cores ({environment["processor"]}), {environment["backend"]}, Keras
{environment["keras"]}, seed {training["seed"]}: {training["parameters"]:,} parameters,
{training["epochs"]} epochs over {training["rows"]:,} clips of `{config.source.data}`; the best epoch
was chosen on the validation clips ({training["valid_accuracy"]:.1%}).

On its {metrics["rows"]:,} test clips, of which training and the choice of the epoch saw none:

{table(metrics)}

Signature: `{metrics["signature"]}`.

![learning curve](learning_curve.png) ![confusion matrix](confusion_matrix.png) ![DET](det_curve.png)

It takes {config.clips.seconds:g} s of sound at {config.source.sampling_rate} Hz. It knows the words that
it was trained on, and gives one of them to any other sound{_exceptions(labels)}.

{config.training.note or ORIGINS.get(config.source.data, "")}
"""


def _exceptions(labels: tuple[str, ...]) -> str:
    """What a network with classes for other sounds may say instead."""
    from rnnapps.data.sound_folders import SILENCE, UNKNOWN

    others = [f"`{name}`" for name in (SILENCE, UNKNOWN) if name in labels]
    return f", or {' or '.join(others)}" if others else ""


ORIGINS = {
    "embedded": """\
The training data are clips of the Free Spoken Digit Dataset, six speakers, 8 kHz, CC BY-SA 4.0
(https://github.com/Jakobovski/free-spoken-digit-dataset). The speakers of the official test clips are
those of the training clips: a voice that is new to it will be understood less often."""
}


@dataclass(frozen=True)
class EvaluateOptions:
    """Score a bundle on the test clips of its source, or on other clips."""

    model: str = "keywords/digits"
    """path or name of a bundle"""
    json: str | None = None
    """file to write the scores to"""
    plots: str | None = None
    """folder to draw confusion_matrix.png and det_curve.png in"""
    part: Literal["train", "valid", "test", "all"] = "test"
    """clips to score"""
    stream: bool = False
    """score words detected in a long recording made of the clips, instead of the clips"""
    stream_seed: int = 0
    """seed of the order of the clips in it, and of the pauses"""
    source: SoundSourceConfig = SoundSourceConfig()
    detection: DetectionConfig = DetectionConfig()


def main(arguments: list[str] | None = None) -> None:
    """The command: a flag of the source that is not given is as in the training of the bundle."""
    options, trained_on, path, settings = evaluation_options(EvaluateOptions, arguments, "keywords")
    if options.source.sampling_rate != trained_on.sampling_rate:
        raise UserError(
            f"--sampling-rate {options.source.sampling_rate}: this network reads "
            f"{trained_on.sampling_rate} Hz, to which clips are resampled: drop the flag"
        )
    if options.plots:
        Path(options.plots).mkdir(parents=True, exist_ok=True)
        check_folder(Path(options.plots))
    if options.stream and options.part == "all":
        raise UserError("--stream takes one part: --part train, valid or test")

    from rnnapps.keywords import data
    from rnnapps.keywords.infer import load

    trained = bundle.config_of(KeywordsConfig(), settings)
    source = data.load(replace(trained, source=options.source), tuple(settings["labels"]))
    recogniser = load(path)
    if options.stream:
        metrics = evaluate_stream(
            recogniser, source, options.part, options.detection, options.stream_seed
        )
        metrics["data"] = {"source": options.source.data, "part": options.part}
        print(f"{options.source.data} ({options.part}): {stream_table(metrics)}")
    else:
        metrics = _evaluate_clips(path, recogniser, data.part_of(source, options.part), options)
    if options.json:
        write_json(Path(options.json), metrics)


def _evaluate_clips(
    path: Path, recogniser: "KeywordRecogniser", examples: "Examples", options: EvaluateOptions
) -> dict[str, Any]:
    probabilities = recogniser.probabilities(examples.clips)
    metrics = evaluate(recogniser, examples, probabilities)
    stored = bundle.read_json(path / bundle.METRICS)
    if examples.digest() == stored["data"]["digest"]:
        metrics["baseline"] = stored["baseline"]  # it was fitted when its training clips were at hand
    metrics["data"] = {
        "source": options.source.data,
        "part": options.part,
        "digest": examples.digest(),
    }
    print(f"{metrics['rows']:,} clips of {options.source.data} ({options.part})\n\n{table(metrics)}")
    if options.plots:
        from rnnapps.plots import plot_confusion_matrix, plot_det_curve, save_png

        figures = {
            "confusion_matrix.png": plot_confusion_matrix(
                metrics["confusion_matrix"], recogniser.labels
            ),
            "det_curve.png": plot_det_curve(examples.classes, probabilities, recogniser.labels),
        }
        for name, figure in figures.items():
            save_png(figure, Path(options.plots) / name)
        log.info("%s: %s written", options.plots, " and ".join(figures))
    return metrics


if __name__ == "__main__":
    run(main)
