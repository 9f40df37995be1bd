"""Is the input pipeline fast enough? `rnnapps benchmark input sentiment`.

Times the making of batches alone, and training steps on batches that are already made. The rows and
options are those of a training: every flag of `rnnapps train sentiment` is taken.
"""

import time
from dataclasses import dataclass
from itertools import islice

from rnnapps import APPLICATIONS, backend
from rnnapps.command_line import parse
from rnnapps.errors import UsageError
from rnnapps.sentiment import data
from rnnapps.sentiment.config import SentimentConfig
from rnnapps.sentiment.train import make_model, starting_encoder

STEPS = 100


@dataclass(frozen=True)
class Appetite:
    """Tokens per second, padding left out, that the pipeline makes and the training takes."""

    made: float
    taken: float


def measure(config: SentimentConfig) -> Appetite:
    """Time an epoch of batches, and up to 100 training steps."""
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    examples, labels = data.load(config.source)
    encoder = starting_encoder(config, examples["train"].texts)
    batches, _ = data.make_batches(config, examples, encoder)
    model = make_model(config, encoder, labels, steps_per_epoch=len(batches))

    start = time.perf_counter()
    tokens = sum(int((x > 0).sum()) for x, *_ in batches.epoch(0))
    made = tokens / (time.perf_counter() - start)

    for batch in batches.extremes():
        model.train_on_batch(*batch)  # compiles
    ready = list(islice(batches.epoch(1), STEPS))
    start = time.perf_counter()
    for batch in ready:
        model.train_on_batch(*batch)
    seconds = time.perf_counter() - start
    return Appetite(made, sum(int((x > 0).sum()) for x, *_ in ready) / seconds)


def main(arguments: list[str]) -> None:
    """The command."""
    if arguments[:1] != ["sentiment"]:
        raise UsageError(f"benchmark input: expected one of {', '.join(APPLICATIONS)}")
    config = parse(SentimentConfig, arguments[1:], prog="rnnapps benchmark input sentiment")
    speed = measure(config)
    print(
        f"input pipeline  {speed.made:12,.0f} tokens/s\n"
        f"training step   {speed.taken:12,.0f} tokens/s\n"
        f"the pipeline makes {speed.made / speed.taken:.1f} times what training takes "
        f"({backend.describe()['backend']}, {backend.processor()})"
    )
