"""Trains one of the two networks of `rnnapps benchmark translation`, in a process of its own.

The process calls these functions one after the other, as `rnnapps.benchmark.translation` asks.
"""

import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from rnnapps import backend
from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.translation.config import TranslationConfig

if TYPE_CHECKING:
    import keras

_models: "dict[str, keras.Model]" = {}  # by kind: what this process trains, kept between the calls


def start(config: TranslationConfig) -> tuple[dict[str, str | int], int]:
    """Load the backend and all layers; describe it, and return the bytes that this took."""
    options = config.training
    backend.prepare(options.threads, options.precision, options.seed)
    import rnnapps.benchmark.plain_keras
    import rnnapps.translation.model  # noqa: F401

    return backend.describe(), peak_memory()


def make(
    kind: str,
    config: TranslationConfig,
    encoders: tuple[SentenceEncoder, SentenceEncoder],
    steps_per_epoch: int,
    xla: bool,
) -> int:
    """Make the network, "rnnapps" or "keras", compiled alike, and return its number of parameters."""
    import keras

    from rnnapps.benchmark.plain_keras import translator
    from rnnapps.training.optimizer import make_optimizer
    from rnnapps.training.token_loss import TokenLoss
    from rnnapps.translation.model import build

    network = build if kind == "rnnapps" else translator
    model = network(config.model, *(encoder.size for encoder in encoders))
    model.compile(
        make_optimizer(config.training, steps_per_epoch),
        TokenLoss(config.label_smoothing),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=True if xla else "auto",
    )
    _models[kind] = model
    return model.count_params()


def train(kind: str, batches: list[tuple]) -> tuple[list[float], float]:
    """Take a training step on each batch; return the seconds of each, and the loss of the last."""
    seconds, loss = [], np.nan
    for batch in batches:
        began = time.perf_counter()
        # Keras reads loss and metrics for us: the step is done when it returns.
        loss = _models[kind].train_on_batch(*batch, return_dict=True)["loss"]
        seconds.append(time.perf_counter() - began)
    return seconds, float(loss)


def peak_memory() -> int:
    """The most bytes of memory that this process had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
