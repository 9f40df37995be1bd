"""Times the recurrent layers of one library, as `rnnapps benchmark layers` tells it, in its own process.

    python -m rnnapps.benchmark.layer_worker rnnapps

Writes one line of JSON with versions. Then reads requests, one line of JSON each: a case and for how
many seconds to repeat it. Answers each with the seconds of each repetition and of the first call.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from rnnapps import backend
from rnnapps.command_line import describe

OURS = {  # what Keras and PyTorch do not have: class and arguments
    "weight_drop": ("LSTM", {"weight_drop": 0.5}),
    "zoneout": ("LSTM", {"zoneout": 0.1, "zoneout_cell": 0.1}),
    "layer_norm_lstm": ("LayerNormLSTM", {}),
    "layer_norm_gru": ("LayerNormGRU", {}),
    "min_lstm": ("MinLSTM", {}),
    "min_gru": ("MinGRU", {}),
}
Measure = Callable[[float, int], list[float]]  # (for seconds, at least so many times) -> seconds of each


class Case(NamedTuple):
    """What is timed."""

    layer: str
    """lstm, gru, rnn, bilstm, or one of `OURS`"""
    shape: str
    """batch, time steps, features and units: 64x100x128x256"""
    mask: str
    """none or padded"""
    kind: str
    """forward: a compiled call; training: a step within fit; step: one time step, of a stream"""
    compiled: str
    """auto: as compile() leaves it; xla: with jit_compile=True, ours by the kernel "fused"; eager: not
    at all. Of a stream: products, compiled_step or predict"""


def lengths(batch: int, steps: int) -> list[int]:
    """Lengths of padded rows: evenly from 20 % to all of the time steps, or 60 % for a single row."""
    shares = [0.2 + 0.8 * row / (batch - 1) for row in range(batch)] if batch > 1 else [0.6]
    return [max(1, round(share * steps)) for share in shares]


def make_data(case: Case, batches: int = 1) -> tuple[Any, Any]:
    """Random inputs `(batches * batch, steps, features)`, zero where padded, and targets
    `(batches * batch, 1)`, float32.
    """
    import numpy as np

    batch, steps, features, _ = map(int, case.shape.split("x"))
    random = np.random.default_rng(0)
    x = random.standard_normal((batch, steps, features), dtype="float32")
    if case.mask == "padded":
        x[np.arange(steps) >= np.array(lengths(batch, steps))[:, None]] = 0
    y = random.standard_normal((batch, 1), dtype="float32")
    return np.tile(x, (batches, 1, 1)), np.tile(y, (batches, 1))


def repeated(call: Callable[[], Any]) -> Measure:
    """Time calls. The first of a round is left out: other libraries have used the caches meanwhile."""

    def measure(seconds: float, least: int) -> list[float]:
        call()
        times: list[float] = []
        deadline = time.perf_counter() + seconds
        while len(times) < least or time.perf_counter() < deadline:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return times

    return measure


def within_fit(model: Any, case: Case) -> Measure:
    """Time training steps within `fit`, each from the end of the step before.

    The first step of an epoch is left out, because it waits for the epoch's data.
    """
    import keras

    class Timer(keras.callbacks.Callback):
        def __init__(self, seconds: float, least: int):
            super().__init__()
            self.times: list[float] = []
            self.least = least
            self.deadline = time.perf_counter() + seconds

        def on_epoch_begin(self, epoch, logs=None):
            self.before = None

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()  # Keras has read the loss for us: the step is done
            if self.before is not None:
                self.times.append(now - self.before)
            self.before = now
            if len(self.times) >= self.least and now >= self.deadline:
                self.model.stop_training = True

    batch, steps, features, _ = map(int, case.shape.split("x"))
    batches = max(4, min(64, 2**24 // (batch * steps * features)))  # 64 MB or less, in general
    x, y = make_data(case, batches)

    def measure(seconds: float, least: int) -> list[float]:
        timer = Timer(seconds, least)
        endless = 1_000_000
        model.fit(x, y, batch, epochs=endless, callbacks=[timer], shuffle=False, verbose=0)
        return timer.times

    return measure


def keras_layer(library: str, case: Case, **options: Any) -> Any:
    """The recurrent layer of a case, of Keras or ours."""
    layers = import_module({"keras": "keras.layers", "rnnapps": "rnnapps.layers"}[library])
    units = int(case.shape.split("x")[3])
    if case.layer == "bilstm":
        return layers.Bidirectional(layers.LSTM(units, **options))
    if case.layer in OURS:
        kind, arguments = OURS[case.layer]
        return getattr(layers, kind)(units, **arguments, **options)
    kinds = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}
    return kinds[case.layer](units, **options)


def keras_case(library: str, case: Case) -> Measure:
    """The recurrent layer and a unit that reads its last state, squared error, gradient descent."""
    import keras

    _, steps, features, _ = map(int, case.shape.split("x"))
    masking = [keras.layers.Masking()] if case.mask == "padded" else []
    options = {"kernel": "fused"} if library == "rnnapps" and case.compiled == "xla" else {}
    model = keras.Sequential(
        [
            keras.Input((steps, features)),
            *masking,
            keras_layer(library, case, **options),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse", jit_compile=True if case.compiled == "xla" else "auto")
    if case.kind == "training":
        return within_fit(model, case)
    x, _ = make_data(case)
    return repeated(lambda: model.predict_on_batch(x))


def pytorch_case(library: str, case: Case) -> Measure:
    """The same network in PyTorch; padded rows are packed, as its documentation advises."""
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence

    batch, steps, features, units = map(int, case.shape.split("x"))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    kinds = {"lstm": nn.LSTM, "bilstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
    both = case.layer == "bilstm"
    layer = kinds[case.layer](features, units, batch_first=True, bidirectional=both).to(device)
    dense = nn.Linear(2 * units if both else units, 1).to(device)
    optimizer = torch.optim.SGD([*layer.parameters(), *dense.parameters()], lr=0.01)
    x, y = make_data(case)
    real = torch.tensor(lengths(batch, steps))

    def network(x):
        x = torch.from_numpy(x).to(device)
        if case.mask == "padded":
            x = pack_padded_sequence(x, real, batch_first=True, enforce_sorted=False)
        _, states = layer(x)
        h = states[0] if isinstance(states, tuple) else states  # (directions, batch, units)
        return dense(h.transpose(0, 1).flatten(1))

    def forward():
        with torch.inference_mode():
            return network(x).cpu().numpy()

    def training():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(x), torch.from_numpy(y).to(device))
        loss.backward()
        optimizer.step()
        return loss.item()

    return repeated(training if case.kind == "training" else forward)


def streaming(library: str, case: Case) -> Measure:
    """One time step of a stream, its output read: by `predict` of a stateful model, by our compiled
    step, or, for a measure of what is possible, the step's two matrix products alone, compiled alike.
    """
    import keras
    from keras import ops

    batch, steps, features, _ = map(int, case.shape.split("x"))
    x, _ = make_data(case)
    if case.compiled == "predict":
        inputs = keras.Input(batch_shape=(batch, steps, features))
        model = keras.Sequential([inputs, keras_layer(library, case, stateful=True)])
        return repeated(lambda: model.predict(x, verbose=0))

    from rnnapps.layers import compiled_step
    from rnnapps.layers.kernels.loops import compiled

    layer = keras_layer(library, case)
    layer(x)
    x = ops.convert_to_tensor(x[:, 0])
    states = layer.get_initial_state(batch)
    if case.compiled == "compiled_step":
        step = compiled_step(layer)

        def one_step():
            nonlocal states
            output, states = step(x, states)
            return ops.convert_to_numpy(output)

        return repeated(one_step)

    def products(x, h, kernel, recurrent_kernel):
        return ops.matmul(x, kernel) + ops.matmul(h, recurrent_kernel)

    weights = layer.cell.kernel.value, layer.cell.recurrent_kernel.value
    if keras.backend.backend() != "torch":
        products = compiled(products)
    return repeated(lambda: ops.convert_to_numpy(products(x, states[0], *weights)))


@lru_cache(maxsize=3)  # the cases that are timed in turn; an older one need not fill the memory
def prepare(library: str, case: Case) -> tuple[float, Measure]:
    """How long the first call took, which compiles, and what times further ones."""
    make = pytorch_case if library == "pytorch" else keras_case
    measure = (streaming if case.kind == "step" else make)(library, case)
    start = time.perf_counter()
    measure(0, 0)
    return time.perf_counter() - start, measure


def load(library: str) -> dict[str, str | int]:
    """Import the library, and describe it."""
    if library != "pytorch":
        backend.load_quietly()
        return backend.describe()
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {"pytorch": f"{torch.__version__} on {device}"}


def answer(library: str, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request says."""
    first, measure = prepare(library, Case(*request["case"]))
    return {"first": first, "seconds": measure(request["seconds"], request["least"])}


def main(library: str) -> None:
    """Answer requests until there are no more. An error is an answer too."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer

    def reply(work: Callable[..., dict[str, Any]], *arguments: Any) -> None:
        try:
            result = work(*arguments)
        except Exception as error:  # whatever a library cannot do; the other cases can go on
            result = {"error": f"{type(error).__name__}: {describe(error)[:300]}"}
        print(json.dumps(result), file=answers, flush=True)

    reply(load, library)
    for line in sys.stdin:
        reply(answer, library, json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1])
