"""How fast is a bundle? `rnnapps benchmark predict sentiment --model DIR`.

Times, in this process: importing Keras with its backend, loading the bundle, the first prediction,
a warm prediction of one text, and 1,000 texts at once; on the test texts of the embedded data.
"""

import statistics
import time
from dataclasses import dataclass

from rnnapps import APPLICATIONS, backend, bundle
from rnnapps.command_line import parse
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.sources import read_rows
from rnnapps.errors import UsageError
from rnnapps.sentiment.data import EMBEDDED
from rnnapps.sentiment.infer import load

REPEATS = 200


@dataclass(frozen=True)
class BenchmarkOptions:
    """Time a bundle's predictions."""

    model: str = "sentiment"
    """path or name of a bundle"""


def measure(model: str) -> dict[str, float]:
    """Seconds of each phase, and texts per second of the last."""
    times = {}
    start = time.perf_counter()
    backend.load_quietly()
    times["import Keras and backend"] = time.perf_counter() - start

    start = time.perf_counter()
    predictor = load(bundle.find(model))
    times["load the bundle"] = time.perf_counter() - start

    rows = read_rows(SourceConfig(), ("text", "label"), EMBEDDED)["test"]
    texts = [row.fields["text"] for row in rows[:1000]]
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
    if arguments[:1] != ["sentiment"]:
        raise UsageError(f"benchmark predict: expected one of {', '.join(APPLICATIONS)}")
    options = parse(BenchmarkOptions, arguments[1:], prog="rnnapps benchmark predict sentiment")
    times = measure(options.model)
    for name, seconds in times.items():
        print(f"{name:<40} {seconds * 1000:10.1f} ms")
    print(f"{'throughput':<40} {1000 / times['1000 texts at once']:10.0f} texts/s")
    print(f"({backend.describe()['backend']}, {backend.processor()})")
