"""How fast are the recurrent layers? `rnnapps benchmark layers`.

Times forward calls and training steps of our layers, of Keras's and of PyTorch's, on the same inputs;
and one time step of a stream. Each library has a process of its own; only one computes at a time, and
they take turns within each case, so that whatever else the machine does disturbs all alike.

    rnnapps benchmark layers --json layers.json
    rnnapps benchmark layers --layers lstm --shapes 32x400x64x128 --passes training
    KERAS_BACKEND=jax rnnapps benchmark layers --libraries rnnapps,keras
    rnnapps benchmark layers --layers weight_drop,layer_norm_lstm --passes training
"""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from rnnapps import backend
from rnnapps.benchmark.layer_worker import OURS, Case
from rnnapps.command_line import parse
from rnnapps.config import command
from rnnapps.errors import UserError, require
from rnnapps.outputs import check_file, write_json

LIBRARIES = ("rnnapps", "keras", "pytorch")
LAYERS = ("lstm", "gru", "rnn", "bilstm")
MASKS = ("none", "padded")
PASSES = ("forward", "training")
STREAM = {"rnnapps": ("products", "compiled_step", "predict"), "keras": ("predict",)}
STREAM_SHAPE = "1x1x128x256"
ROUND_SECONDS = 0.3
ROUND_LEAST = 2
COLUMNS = {"layer": 16, "shape": 16, "mask": 7, "pass": 9, "library": 8, "compiled": 14}  # widths
PROG = "rnnapps benchmark layers"

Row = dict[str, Any]


@dataclass(frozen=True)
class LayersOptions:
    """Time recurrent layers of rnnapps, Keras and PyTorch. Lists are separated by commas."""

    layers: str = ",".join(LAYERS)
    """layers: lstm, gru, rnn (Keras's SimpleRNN), bilstm (Bidirectional of LSTM); and, with what they
    cost beside our LSTM, those that only rnnapps has: weight_drop, zoneout, layer_norm_lstm,
    layer_norm_gru, min_lstm, min_gru"""
    shapes: str = "64x100x128x256,32x400x64x128,256x30x256x512,1x1000x64x128"
    """shapes: batch x time steps x features x units"""
    masks: str = ",".join(MASKS)
    """masks: none; padded: lengths evenly from 20 % to 100 % of the steps, 60 % for a single row"""
    passes: str = ",".join(PASSES)
    """passes: forward, a compiled call; training, a step within fit"""
    libraries: str = ",".join(LIBRARIES)
    """libraries; rnnapps and keras run on the backend that KERAS_BACKEND names"""
    rounds: int = 5
    """turns that each library gets in a case, of 0.3 seconds or more"""
    streaming: bool = True
    """also time one time step of lstm and gru, at batch 1"""
    json: str | None = None
    """write the rows to this file too"""

    def __post_init__(self):
        known = {"layers": (*LAYERS, *OURS), "masks": MASKS, "passes": PASSES, "libraries": LIBRARIES}
        for field, names in known.items():
            given = getattr(self, field).split(",")
            require(self, field, set(given) <= set(names), f"some of {','.join(names)}")
        shapes = self.shapes.split(",")
        valid = all(re.fullmatch(r"[1-9]\d*(x[1-9]\d*){3}", shape) for shape in shapes)
        require(self, "shapes", valid, "like 64x100x128x256: batch x time steps x features x units")
        require(self, "rounds", self.rounds >= 1, "at least 1")


class Worker:
    """The process that times one library; see `layer_worker`."""

    def __init__(self, library: str):
        self.library = library
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rnnapps.benchmark.layer_worker", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            # Several processes share an accelerator: JAX shall not take most of its memory at once.
            env=os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the others
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        with contextlib.suppress(BrokenPipeError):  # told below
            print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next answer.

        Raises:
            UserError: the process has ended.
        """
        line = self.process.stdout.readline()
        if not line:
            raise UserError(f"the process that times {self.library} ended: {self.process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        """Stop the process, whatever it is doing."""
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def started(libraries: list[str]) -> Iterator[tuple[dict[str, Worker], dict[str, str | int]]]:
    """A process for each library, and their description of themselves."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for library in libraries:
            workers[library] = Worker(library)
            stack.callback(workers[library].end)
        about: dict[str, str | int] = {}
        for library, worker in workers.items():
            about |= worker.answer()
            if "error" in about:
                raise UserError(f"{library}: {about['error']}; choose others by --libraries")
        yield workers, about


def groups(options: LayersOptions, keras_modes: tuple[str, ...]) -> Iterator[list[tuple[str, Case]]]:
    """Libraries and cases to be timed in turn."""
    libraries = options.libraries.split(",")
    layers = options.layers.split(",")
    chosen = (layers, options.shapes.split(","), options.masks.split(","), options.passes.split(","))
    modes = {"rnnapps": keras_modes, "keras": keras_modes, "pytorch": ("eager",)}
    for layer, *what in product(*chosen):
        if layer in OURS:
            yield [("rnnapps", Case(one, *what, "auto")) for one in (layer, "lstm")]
        else:
            yield [
                (library, Case(layer, *what, mode)) for library in libraries for mode in modes[library]
            ]
    for layer in ("lstm", "gru") if options.streaming else ():
        if layer in layers:
            yield [
                (library, Case(layer, STREAM_SHAPE, "none", "step", way))
                for library in libraries
                for way in STREAM.get(library, ())
            ]


def time_group(
    workers: dict[str, Worker], group: list[tuple[str, Case]], rounds: int
) -> tuple[list[Row], list[Row]]:
    """The rows of a group, and those that failed, with the error."""
    request = {"seconds": ROUND_SECONDS, "least": ROUND_LEAST}
    seconds: dict[tuple[str, Case], list[float]] = {}
    first: dict[tuple[str, Case], float] = {}
    errors: dict[tuple[str, Case], str] = {}
    for _ in range(rounds):
        for library, case in group:
            if (library, case) in errors:
                continue
            answer = workers[library].ask(request | {"case": case})
            if "error" in answer:
                errors[library, case] = answer["error"]
            else:
                first[library, case] = answer["first"]
                seconds.setdefault((library, case), []).extend(answer["seconds"])
    rows = [name(*key) | figures(seconds[key], first[key]) for key in group if key not in errors]
    return rows, [name(*key) | {"error": error} for key, error in errors.items()]


def name(library: str, case: Case) -> Row:
    """What a row is about."""
    words = case._asdict()
    words["pass"] = words.pop("kind")
    return {"library": library, **words}


def figures(seconds: list[float], first: float) -> Row:
    """The figures of a row: milliseconds of a repetition, and seconds to compile."""
    deciles = statistics.quantiles(seconds, n=10, method="inclusive")
    median = statistics.median(seconds)
    return {
        "median_ms": median * 1000,
        "p10_ms": deciles[0] * 1000,
        "p90_ms": deciles[-1] * 1000,
        "repetitions": len(seconds),
        "compile_s": max(0.0, first - median),
    }


def ratios(rows: list[Row]) -> list[Row]:
    """The rows that are compared with one of ours, with the `ratio` of its time to that one's.

    All are compared with ours as compile() leaves it: ours compiled by XLA too. Of a stream, our
    compiled step is compared with its products alone, and each `predict` with our compiled step.
    """
    reference = {"predict": "compiled_step", "compiled_step": "products"}

    def key(row: Row, library: str, compiled: str) -> tuple[str, ...]:
        return library, row["layer"], row["shape"], row["mask"], row["pass"], compiled

    times = {key(row, row["library"], row["compiled"]): row["median_ms"] for row in rows}
    compared = []
    for row in rows:
        ours = key(row, "rnnapps", reference.get(row["compiled"], "auto"))
        if ours != key(row, row["library"], row["compiled"]) and ours in times:
            compared.append(row | {"ratio": row["median_ms"] / times[ours]})
    return compared


def with_cost(rows: list[Row]) -> list[Row]:
    """Of a layer that only rnnapps has and of the LSTM timed in turn with it, the first's row.

    Its `cost` is how many times as long as the LSTM it takes.
    """
    if len(rows) != 2 or rows[0]["layer"] not in OURS:
        return rows
    row, lstm = rows
    return [row | {"cost": row["median_ms"] / lstm["median_ms"]}]


def label(row: Row) -> str:
    """What a row is about, in columns."""
    return "".join(f"{row[field]:<{width}}" for field, width in COLUMNS.items())


def table_line(row: Row) -> str:
    """A row of the table of times."""
    if "error" in row:
        return f"{label(row)} failed: {row['error']}"
    numbers = (row["median_ms"], row["p10_ms"], row["p90_ms"])
    cost = f"   {row['cost']:.2f} times our LSTM" if "cost" in row else ""
    return (
        label(row) + "".join(f"{number:10.3f}" for number in numbers) + f"{row['compile_s']:11.2f}{cost}"
    )


def comparison(rows: list[Row]) -> list[str]:
    """Lines that tell the ratios of times: of each case, in summary, and where Keras is faster."""
    compared = ratios(rows)
    if not compared:
        return []
    lines = ["", "times as long as rnnapps (a stream's compiled_step: as its products)"]
    lines += [f"{label(row)}{row['ratio']:10.2f}" for row in compared]
    lines.append("")
    others = [("rnnapps", "xla"), ("keras", "auto"), ("keras", "xla"), ("pytorch", "eager")]
    for mask, (library, compiled) in product(MASKS, others):
        about = {"mask": mask, "pass": "training", "library": library, "compiled": compiled}
        values = [row["ratio"] for row in compared if about.items() <= row.items()]
        if values:
            lines.append(
                f"training, mask {mask}, {library} {compiled}: median {statistics.median(values):.2f}, "
                f"least {min(values):.2f}, most {max(values):.2f} of {len(values)}"
            )
    slower = [row for row in compared if row["library"] == "keras" and row["ratio"] < 1]
    lines += [f"slower than Keras: {' '.join(label(row).split())}: {row['ratio']:.2f}" for row in slower]
    return lines


def measure(options: LayersOptions) -> tuple[dict[str, Any], list[Row]]:
    """Time all cases, and print each when it is done. Returns what ran where, and the rows."""
    with started(options.libraries.split(",")) as (workers, about):
        modes = ("auto", "xla") if str(about.get("backend")).startswith("tensorflow") else ("auto",)
        titles = label({field: field for field in COLUMNS})
        print(f"{titles}{'median ms':>10}{'10 %':>10}{'90 %':>10}{'compile s':>11}")
        rows = []
        for group in groups(options, modes):
            done, failed = time_group(workers, group, options.rounds)
            done = with_cost(done)
            rows += done
            for row in done + failed:
                print(table_line(row), flush=True)
    return about, rows


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(LayersOptions, arguments, prog=PROG)
    if options.json:
        check_file(Path(options.json))
    about, rows = measure(options)
    print("\n".join(comparison(rows)))
    report = {
        "command": command(replace(options, json=None), PROG),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": backend.processor(),
        "cores": os.cpu_count(),
        **about,
        "rows": rows,
    }
    print(f"({', '.join(f'{name} {value}' for name, value in about.items())})")
    if options.json:
        write_json(Path(options.json), report)
