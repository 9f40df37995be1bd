"""How fast are training and search of a translator? `rnnapps benchmark translation`.

Times training steps of our network and of the same network in Keras's layers, on the same batches of
real sentences, with the memory that each takes; and translates test sentences with a bundle, by the
beam search in one compiled program and by the same search as a Python loop over its steps. The rows and
options are those of a training: every flag of `rnnapps train translation` is taken.

Each network has a process of its own, so that its memory is its own; they train in turn, so that
whatever else the machine does disturbs both alike.

    rnnapps benchmark translation --json translation.json
    rnnapps benchmark translation --sentences 0 --cell lstm --units 512      training alone
    rnnapps benchmark translation --steps 0 --model runs/translation         search alone
"""

import contextlib
import multiprocessing
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnapps import backend, bundle
from rnnapps.benchmark import translation_worker as worker
from rnnapps.command_line import parse
from rnnapps.config import command
from rnnapps.errors import UsageError, UserError, require
from rnnapps.inference.decoding_config import DecodingConfig
from rnnapps.outputs import check_file, write_json
from rnnapps.translation import data
from rnnapps.translation.config import TranslationConfig

if TYPE_CHECKING:
    from rnnapps.decoding import Hypotheses
    from rnnapps.layers import AttentionDecoder

KINDS = ("rnnapps", "keras")
PROG = "rnnapps benchmark translation"
PARAMETERS_APART = 0.01  # at most: our cells have a bias more
MB = 2**20

Figures = dict[str, dict[str, Any]]  # of each network or way to search, by name


@dataclass(frozen=True)
class TranslationOptions:
    """Time a translator's training beside Keras's layers, and its search beside loops in Python."""

    model: str = "translation/en-fr"
    """path or name of the bundle that searches"""
    sentences: int = 200
    """test sentences to translate, of all lengths alike; 0: no search"""
    beam_width: int = 5
    """hypotheses of a sentence"""
    steps: int = 50
    """training steps of a turn; 0: no training"""
    rounds: int = 5
    """turns of each"""
    xla: bool = False
    """compile both training steps as a whole (jit_compile=True), not as compile() leaves them"""
    json: str | None = None
    """write the figures to this file too"""
    config: TranslationConfig = TranslationConfig()

    def __post_init__(self):
        for field in ("sentences", "steps"):
            require(self, field, getattr(self, field) >= 0, "at least 0")
        if self.sentences == self.steps == 0:
            raise UsageError("--sentences and --steps are both 0: nothing to measure")
        for field in ("beam_width", "rounds"):
            require(self, field, getattr(self, field) >= 1, "at least 1")
        model = self.config.model
        if self.steps and (model.layer_norm or model.recurrent_dropout):
            raise UsageError(
                "--layer-norm and --recurrent-dropout have no counterpart in Keras's cells to be "
                "measured beside: leave them out, or the training with --steps 0"
            )


@contextlib.contextmanager
def processes() -> Iterator[dict[str, ProcessPoolExecutor]]:
    """A process for each network.

    Raises:
        UserError: one of them ended before its time.
    """
    with contextlib.ExitStack() as stack:
        fresh = multiprocessing.get_context("spawn")
        pools = {
            # Ctrl-C reaches this process alone, which ends the others.
            kind: ProcessPoolExecutor(1, fresh, signal.signal, (signal.SIGINT, signal.SIG_IGN))
            for kind in KINDS
        }
        for pool in pools.values():
            stack.enter_context(pool)
        try:
            yield pools
        except BrokenProcessPool:
            raise UserError(
                "a process that trained a network ended: if memory was short, try fewer --units or a "
                "smaller --batch-size"
            ) from None


def time_training(options: TranslationOptions) -> tuple[Figures, dict[str, str | int]]:
    """The figures of each network's training, and what ran where.

    Speeds are target and source tokens a second, padding left out. Memory is in bytes: the peak, and how
    much of it came above the peak after the imports. The first step of each shape of batches is not in
    the speeds; its seconds stand apart.
    """
    config = options.config
    with processes() as pools:

        def ask(function: Callable, *arguments: Any) -> dict[str, Any]:
            """The answers of both; the first is done before the second begins."""
            return {kind: pools[kind].submit(function, kind, *arguments).result() for kind in KINDS}

        # First of all: a process begins with the peak of memory of the one that started it.
        starting = {kind: pool.submit(worker.start, config) for kind, pool in pools.items()}
        started = {kind: future.result() for kind, future in starting.items()}
        splits = data.load(config)
        encoders = data.learn_encoders(config.text, splits["train"].pairs)
        batches, _ = data.make_batches(config, splits, encoders)
        parameters = ask(worker.make, config, encoders, len(batches), options.xla)
        check_alike(parameters)
        epochs = chain.from_iterable(batches.epoch(epoch) for epoch in count())
        taken = list(islice(epochs, options.rounds * options.steps))
        shapes = {batch[1].shape: batch for batch in taken}
        first = ask(worker.train, [shapes[shape] for shape in sorted(shapes)])
        speeds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for turn in range(options.rounds):
            some = taken[turn * options.steps : (turn + 1) * options.steps]
            tokens = sum(int((source > 0).sum() + weights.sum()) for (source, _), _, weights in some)
            last = ask(worker.train, some)
            for kind, (seconds, _) in last.items():
                speeds[kind].append(tokens / sum(seconds))
        peaks = {kind: pool.submit(worker.peak_memory).result() for kind, pool in pools.items()}
    figures = {
        kind: {
            "parameters": parameters[kind],
            "tokens_per_second": statistics.median(speeds[kind]),
            "of_each_turn": speeds[kind],
            "first_steps_seconds": sum(first[kind][0]),
            "shapes": len(shapes),
            "peak_memory": peaks[kind],
            "above_imports": peaks[kind] - started[kind][1],
            "last_loss": last[kind][1],
        }
        for kind in KINDS
    }
    return figures, started["rnnapps"][0]


def check_alike(parameters: dict[str, int]) -> None:
    """Refuse to compare networks of different sizes."""
    ours, keras = parameters["rnnapps"], parameters["keras"]
    if abs(ours - keras) > PARAMETERS_APART * ours:
        raise UserError(f"the networks differ: {ours:,} parameters, and {keras:,} of Keras's layers")


def training_ratios(figures: Figures) -> dict[str, float]:
    """Our speed by Keras's, the median of the turns, and our memory by Keras's."""
    ours, keras = (figures[kind] for kind in KINDS)
    turns = zip(ours["of_each_turn"], keras["of_each_turn"], strict=True)
    return {
        "tokens_per_second": statistics.median(a / b for a, b in turns),
        "peak_memory": ours["peak_memory"] / keras["peak_memory"],
        "above_imports": ours["above_imports"] / keras["above_imports"],
    }


def training_table(figures: Figures, options: TranslationOptions) -> str:
    """The figures of training for people."""
    ratios = training_ratios(figures)
    rows = {
        "tokens a second": ("tokens_per_second", 1, 0),
        "peak memory, MB": ("peak_memory", MB, 0),
        "  above imports, MB": ("above_imports", MB, 0),
        "first steps, s": ("first_steps_seconds", 1, 1),
        "  of shapes of batches": ("shapes", 1, 0),
        "last loss": ("last_loss", 1, 3),
        "parameters": ("parameters", 1, 0),
    }
    title = f"training, {options.rounds} x {options.steps} steps"
    lines = [f"{title:<30}{'rnnapps':>14}{'keras':>14}{'ratio':>10}"]
    for label, (name, unit, digits) in rows.items():
        numbers = "".join(f"{figures[kind][name] / unit:14,.{digits}f}" for kind in KINDS)
        lines.append(f"{label:<30}{numbers}" + (f"{ratios[name]:10.2f}" if name in ratios else ""))
    return "\n".join(lines)


@dataclass(frozen=True)
class LoopDecoding(DecodingConfig):
    """The same search without penalties as a Python loop over the steps."""

    compiled: bool = False
    """whether a step is a compiled program, or Keras's operations one by one"""

    def search(
        self, decoder: "AttentionDecoder", start: int, end: int, max_steps: int
    ) -> Callable[..., "Hypotheses"]:
        import numpy as np

        from rnnapps.benchmark.step_loop import step_loop
        from rnnapps.decoding.compiled import compiled

        step = compiled(decoder.step, decoder.variables) if self.compiled else decoder.step

        def run(state, context, limits):
            about = {"start": start, "end": end, "limits": limits, "beam_width": self.beam_width}
            found = step_loop(step, state, context, **about)
            # The translator reads them, as much as those of ours; the loop does not keep them.
            memory = context[0]
            return found._replace(alignments=np.zeros((*found.tokens.shape, memory.shape[1]), "float32"))

        return run


def time_search(path: Path, sources: Sequence[str], options: TranslationOptions) -> Figures:
    """The figures of each way to search: sentences a second, and the share of them that it translates as
    the first does. All else that a translator does is the same, and counted.
    """
    backend.prepare(options.config.training.threads)
    from rnnapps.translation.predictor import TranslationPredictor

    translate = TranslationPredictor.load(path)
    plain = {"beam_width": options.beam_width, "length_penalty": 0.0}
    ways = {
        "one compiled program": DecodingConfig(**plain),
        "Python loop, compiled step": LoopDecoding(**plain, compiled=True),
        "Python loop, eager step": LoopDecoding(**plain),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, list[str]] = {}
    for _ in range(options.rounds + 1):  # in the first all is compiled
        for name, way in ways.items():
            began = time.perf_counter()
            texts[name] = [translation.text for translation in translate(sources, way)]
            seconds[name].append(time.perf_counter() - began)
    reference, *_ = texts.values()
    figures: Figures = {}
    for name, (first, *others) in seconds.items():
        same = sum(a == b for a, b in zip(texts[name], reference, strict=True))
        figures[name] = {
            "sentences_per_second": len(sources) / statistics.median(others),
            "of_each_turn": [len(sources) / one for one in others],
            "first_call_seconds": first,
            "same_translations": same / len(sources),
        }
    return figures


def search_ratios(figures: Figures) -> dict[str, float]:
    """How many times as many sentences a second the first way translates; the median of the turns."""
    ours, *_ = figures.values()
    return {
        name: statistics.median(
            a / b for a, b in zip(ours["of_each_turn"], way["of_each_turn"], strict=True)
        )
        for name, way in figures.items()
    }


def search_table(figures: Figures, sentences: int, beam_width: int) -> str:
    """The figures of the search for people."""
    title = f"beam {beam_width}, {sentences} sentences"
    lines = [f"{title:<30}{'sentences/s':>14}{'ours by it':>14}{'same best':>10}"]
    for name, ratio in search_ratios(figures).items():
        speed, same = figures[name]["sentences_per_second"], figures[name]["same_translations"]
        lines.append(f"{name:<30}{speed:14.1f}{ratio:14.2f}{same:10.1%}")
    return "\n".join(lines)


def find_bundle(options: TranslationOptions) -> Path:
    """The bundle that is to translate the test sentences.

    Raises:
        UserError: there is none, or it translates other languages than those of the sentences.
    """
    path = bundle.find(options.model)
    bundle.check(path, "translation")
    trained_on, source = bundle.read_config(path, TranslationConfig).source, options.config.source
    for field in ("source_language", "target_language"):
        given, known = getattr(source, field), getattr(trained_on, field)
        if given != known:
            raise UsageError(f"--{field.replace('_', '-')} is {given}, but {path} has {known}")
    return path


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(TranslationOptions, arguments, prog=PROG)
    if options.json:
        check_file(Path(options.json))
    path = find_bundle(options) if options.sentences else None
    given = command(replace(options, json=None), PROG)
    report: dict[str, Any] = {"command": given, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    if options.steps:
        figures, about = time_training(options)
        print(training_table(figures, options), flush=True)
        report["training"] = figures | {"ratios": training_ratios(figures)}
    if path:
        sources, _ = data.load(options.config)["test"].scored
        # They may stand in order of their lengths.
        sources = sources[:: max(1, len(sources) // options.sentences)][: options.sentences]
        figures, about = time_search(path, sources, options), backend.describe()
        print(search_table(figures, len(sources), options.beam_width))
        report["search"] = {
            "sentences": len(sources),
            "ways": figures,
            "ratios": search_ratios(figures),
        }
    print(f"({', '.join(f'{name} {value}' for name, value in about.items())})")
    if options.json:
        write_json(Path(options.json), report | about)
