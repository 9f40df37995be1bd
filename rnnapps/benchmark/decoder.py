"""How fast is the attention decoder? `rnnapps benchmark decoder`.

Times training steps of `AttentionDecoder`, of the same with `kernel="compiled"`, and of the same network
in Keras alone (`keras.layers.RNN` over a cell of an LSTM, additive attention and input feeding), in
turn; and beam search as one compiled program and as a Python loop over a compiled step. Random numbers.

    rnnapps benchmark decoder --json decoder.json
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from rnnapps import backend
from rnnapps.command_line import parse
from rnnapps.config import command
from rnnapps.errors import require
from rnnapps.outputs import check_file, write_json

PROG = "rnnapps benchmark decoder"


@dataclass(frozen=True)
class DecoderOptions:
    """Time the attention decoder, in training and in beam search."""

    batch: int = 64
    """sentences of a batch"""
    source: int = 20
    """positions of the memory"""
    steps: int = 20
    """time steps of the targets"""
    units: int = 256
    """units of the LSTM, of the attention and of the embeddings"""
    vocabulary: int = 8000
    """tokens"""
    beam_width: int = 5
    """hypotheses of a sentence"""
    rounds: int = 9
    """turns of each"""
    json: str | None = None
    """write the figures to this file too"""

    def __post_init__(self):
        for field in ("batch", "source", "steps", "units", "beam_width", "rounds"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        require(self, "vocabulary", self.vocabulary >= 3, "at least 3")


def keras_decoder(options: DecoderOptions) -> Any:
    """The network of `AttentionDecoder` as one would write it with Keras."""
    from rnnapps.benchmark.plain_keras import Decoder
    from rnnapps.translation.config import ModelConfig

    config = ModelConfig(
        cell="lstm",
        units=options.units,
        embedding_size=options.units,
        attention="additive",
        tie_embeddings=False,
        embedding_dropout=0.0,
        output_dropout=0.0,
    )
    return Decoder(options.vocabulary, config)


def training(kind: str, options: DecoderOptions) -> Callable[[], Any]:
    """A training step of the decoder as it is ("rnnapps"), by its loop ("compiled"), or of "keras"."""
    import keras

    from rnnapps.layers import AttentionDecoder

    memory = keras.Input((options.source, 2 * options.units))
    tokens = keras.Input((options.steps,), dtype="int32")
    if kind == "keras":
        logits = keras_decoder(options)(tokens, memory)
    else:
        kernel = "auto" if kind == "rnnapps" else kind
        decoder = AttentionDecoder(options.vocabulary, options.units, options.units, kernel=kernel)
        logits, _ = decoder(tokens, memory)
    model = keras.Model([memory, tokens], logits)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(0)
    shape = (options.batch, options.source, 2 * options.units)
    x = [random.normal(size=shape).astype("float32"), random_tokens(options)]
    return lambda: model.train_on_batch(x, x[1])


def random_tokens(options: DecoderOptions) -> np.ndarray:
    """Tokens that are neither 0 nor 1, `(batch, steps)`, int32."""
    shape = (options.batch, options.steps)
    return np.random.default_rng(1).integers(2, options.vocabulary, shape).astype("int32")


def searches(options: DecoderOptions) -> dict[str, Callable[[], Any]]:
    """Beam search as one program, and as a Python loop over a compiled step; no end token comes."""
    from keras import ops

    from rnnapps.benchmark.step_loop import step_loop
    from rnnapps.decoding import BeamSearch
    from rnnapps.decoding.compiled import compiled
    from rnnapps.layers import AttentionDecoder

    decoder = AttentionDecoder(options.vocabulary, options.units, options.units)
    random = np.random.default_rng(0)
    memory = random.normal(size=(options.batch, options.source, 2 * options.units)).astype("float32")
    decoder.build((None, None), memory.shape)
    decoder.bias.assign(np.where(np.arange(options.vocabulary) == 1, -1e9, 0))
    state, context = decoder.start(ops.convert_to_tensor(memory))
    about = {"start": 0, "end": 1, "beam_width": options.beam_width}
    search = BeamSearch(decoder.step, decoder.variables, max_steps=options.steps, **about)
    step = compiled(decoder.step, decoder.variables)
    limits = np.full(options.batch, options.steps)

    return {
        "program": lambda: search(state, context),
        "Python loop": lambda: step_loop(step, state, context, limits=limits, **about).tokens,
    }


def in_turn(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each call; they take turns, and a first call of each is left out."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(times) for name, times in seconds.items()}


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(DecoderOptions, arguments, prog=PROG)
    if options.json:
        check_file(Path(options.json))
    backend.load_quietly()
    about = backend.describe()
    steps = {kind: training(kind, options) for kind in ("rnnapps", "compiled", "keras")}
    report = {"training step": in_turn(steps, options.rounds)}
    report["beam search"] = in_turn(searches(options), options.rounds)
    for what, times in report.items():
        (ours, first), *others = times.items()
        for name, milliseconds in times.items():
            print(f"{what}, {name}: {milliseconds:.0f} ms")
        for name, milliseconds in others:
            print(f"{what}: {name} takes {milliseconds / first:.2f} times as long as {ours}")
    print(f"({', '.join(f'{name} {value}' for name, value in about.items())})")
    if options.json:
        date = datetime.now(UTC).isoformat(timespec="seconds")
        given = command(replace(options, json=None), PROG)
        write_json(Path(options.json), {"command": given, "date": date, **about, "median_ms": report})
