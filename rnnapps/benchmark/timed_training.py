"""Trainings that take as long as they may."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from rnnapps.data.batches import Batches
    from rnnapps.training.config import TrainingConfig

SAMPLE = 30  # batches whose steps are timed, to know how many there will be


def train_for(
    minutes: float,
    model: "keras.Model",
    loss: "keras.losses.Loss",
    batches: "Batches",
    config: "TrainingConfig",
) -> tuple[float, int]:
    """Train a network for some minutes, at whose end its learning rate is zero.

    Its weights are averaged as `config` says.

    Args:
        minutes: of training, compilation included.
        model: the network.
        loss: its loss.
        batches: as many epochs of them as the time allows.
        config: of the optimizer.

    Returns:
        The seconds and the steps that it took.
    """
    from rnnapps.training.optimizer import make_optimizer

    weights, config = model.get_weights(), replace(config, epochs=1)
    few = [*islice(_endless(batches), SAMPLE)]
    model.compile(make_optimizer(config, 1000), loss)
    for batch in (*batches.extremes(), *few):  # what is compiled here is not timed
        model.train_on_batch(*batch)
    began = time.perf_counter()
    for batch in few:
        model.train_on_batch(*batch)
    steps = max(10, int(0.95 * 60 * minutes * SAMPLE / (time.perf_counter() - began)))
    model.set_weights(weights)
    model.compile(make_optimizer(config, steps), loss)
    began, step = time.perf_counter(), 0
    for batch in islice(_endless(batches), steps):
        if time.perf_counter() - began > 60 * minutes:
            break
        model.train_on_batch(*batch)
        step += 1
    seconds = time.perf_counter() - began
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return seconds, step


def _endless(batches: "Batches") -> Iterator[tuple]:
    for epoch in count():
        yield from batches.epoch(epoch)
