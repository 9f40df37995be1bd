"""Is the input pipeline fast enough? `rnnapps benchmark input sentiment`, or `translation`.

Times the making of batches alone, and training steps on batches that are already made. The rows and
options are those of a training: every flag of `rnnapps train APPLICATION` is taken.
"""

import time
from dataclasses import dataclass
from itertools import islice

from rnnapps import backend
from rnnapps.applications import class_of
from rnnapps.benchmark.prepared import prepare
from rnnapps.command_line import first_word, parse

APPLICATIONS = ("sentiment", "translation")  # whose batches are of tokens
STEPS = 100


@dataclass(frozen=True)
class Appetite:
    """Tokens per second, padding left out, that the pipeline makes and the training takes."""

    made: float
    taken: float


def measure(application: str, config) -> Appetite:
    """Time an epoch of batches, and up to 100 training steps."""
    model, batches, _ = prepare(application, config)

    start = time.perf_counter()
    count = sum(tokens(batch) for batch in batches.epoch(0))
    made = count / (time.perf_counter() - start)

    for batch in batches.extremes():
        model.train_on_batch(*batch)  # compiles
    ready = list(islice(batches.epoch(1), STEPS))
    for batch in {str(batch[1].shape): batch for batch in ready}.values():
        model.train_on_batch(*batch)  # XLA compiles each shape
    start = time.perf_counter()
    for batch in ready:
        model.train_on_batch(*batch)
    return Appetite(made, sum(map(tokens, ready)) / (time.perf_counter() - start))


def tokens(batch: tuple) -> int:
    """The tokens that the network reads of a batch, padding left out."""
    x = batch[0] if isinstance(batch[0], tuple) else batch[:1]
    return sum(int((ids > 0).sum()) for ids in x)


def main(arguments: list[str]) -> None:
    """The command."""
    application = first_word("benchmark input", arguments, APPLICATIONS)
    config = class_of(application, "Config")
    options = parse(config, arguments[1:], prog=f"rnnapps benchmark input {application}")
    speed = measure(application, options)
    print(
        f"input pipeline  {speed.made:12,.0f} tokens/s\n"
        f"training step   {speed.taken:12,.0f} tokens/s\n"
        f"the pipeline makes {speed.made / speed.taken:.1f} times what training takes "
        f"({backend.describe()['backend']}, {backend.processor()})"
    )
