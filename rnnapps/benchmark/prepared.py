"""A training that is ready to begin, without being begun."""

import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from rnnapps.training.run import TrainingRun

if TYPE_CHECKING:
    import keras

    from rnnapps.data.batches import Batches


class Prepared(NamedTuple):
    """What a training would have trained: a compiled network, and its batches."""

    model: "keras.Model"
    batches: "Batches"
    validation: "Batches"


class _Ready(Exception):
    pass


def prepare(application: str, config: Any, examples: Any = None) -> Prepared:
    """Run the `train` of an application up to its first step.

    Args:
        application: its name.
        config: of the training; its output is not written.
        examples: that are in memory.
    """

    def stop(run: TrainingRun, *prepared: Any) -> None:
        raise _Ready(*prepared)

    train = import_module(f"rnnapps.{application}.train").train
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(TrainingRun, "fit", stop):
        training = replace(config.training, output=str(Path(folder) / "output"))
        try:
            train(replace(config, training=training), examples)
        except _Ready as ready:
            return Prepared(*ready.args)
    raise AssertionError(f"{application}: train() did not fit")
