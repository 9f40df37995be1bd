"""How fast is a bundle? `rnnapps benchmark predict sentiment --model DIR`, or `translation`.

Times, in this process: importing Keras with its backend, loading the bundle, the first prediction,
a warm prediction of one text, and 1,000 texts at once; on the test texts of the embedded data.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnapps import backend, bundle
from rnnapps.applications import class_of
from rnnapps.command_line import first_word, parse

REPEATS = 200


def sentiment_texts(config) -> Sequence[str]:
    """The test texts of the embedded data."""
    from rnnapps.sentiment import SentimentConfig, data

    return data.load(SentimentConfig())["test"].inputs


def translation_texts(config) -> Sequence[str]:
    """The test sentences of the embedded data in the bundle's languages, of all lengths alike."""
    from rnnapps.translation import data

    sources, _ = data.load(replace(config, source=replace(config.source, data="embedded")))[
        "test"
    ].scored
    return sources[:: len(sources) // 1000]


TEXTS = {"sentiment": sentiment_texts, "translation": translation_texts}


@dataclass(frozen=True)
class BenchmarkOptions:
    """Time a bundle's predictions."""

    model: str | None = None
    """path or name of a bundle; without it, the application's newest"""


def measure(application: str, model: str) -> dict[str, float]:
    """Seconds of each phase, and texts per second of the last."""
    times = {}
    start = time.perf_counter()
    backend.load_quietly()
    times["import Keras and backend"] = time.perf_counter() - start

    start = time.perf_counter()
    predictor = class_of(application, "Predictor").load(bundle.find(model))
    times["load the bundle"] = time.perf_counter() - start

    texts = TEXTS[application](predictor.config)[:1000]
    start = time.perf_counter()
    predictor(texts[0])
    times["first prediction"] = time.perf_counter() - start

    for text in texts[:REPEATS]:
        predictor(text)  # every length has been compiled after this
    seconds = []
    for text in texts[:REPEATS]:
        start = time.perf_counter()
        predictor(text)
        seconds.append(time.perf_counter() - start)
    times["warm prediction of one text (median)"] = statistics.median(seconds)

    predictor(texts)
    start = time.perf_counter()
    predictor(texts)
    times[f"{len(texts)} texts at once"] = time.perf_counter() - start
    return times


def main(arguments: list[str]) -> None:
    """The command."""
    application = first_word("benchmark predict", arguments, list(TEXTS))
    prog = f"rnnapps benchmark predict {application}"
    options = parse(BenchmarkOptions, arguments[1:], prog)
    times = measure(application, options.model or application)
    for name, seconds in times.items():
        print(f"{name:<40} {seconds * 1000:10.1f} ms")
    print(f"{'throughput':<40} {1000 / times['1000 texts at once']:10.0f} texts/s")
    print(f"({backend.describe()['backend']}, {backend.processor()})")
