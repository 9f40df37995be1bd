"""How does a training step grow with the length? `rnnapps benchmark parallel`.

Times a step of the layers that are trained on all time steps at once, MinGRU and MinLSTM, and of a GRU,
which is trained one step after the other, on longer and longer sequences of random numbers. The layers
take turns at each length, so that whatever else the machine does disturbs all alike.

    rnnapps benchmark parallel --json parallel.json --plot parallel.png
    rnnapps benchmark parallel --layers LSTM,MinLSTM --lengths 100,1000 --batch 1
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rnnapps import backend
from rnnapps.benchmark.layer_worker import Case, Measure, within_fit
from rnnapps.benchmark.layers import ROUND_LEAST, ROUND_SECONDS, Row, figures
from rnnapps.command_line import parse
from rnnapps.config import command
from rnnapps.errors import require
from rnnapps.outputs import check_file, write_json

LAYERS = ("GRU", "LSTM", "MinGRU", "MinLSTM")
PROG = "rnnapps benchmark parallel"


@dataclass(frozen=True)
class ParallelOptions:
    """Time training steps on sequences of several lengths. Lists are separated by commas."""

    layers: str = "GRU,MinGRU,MinLSTM"
    """layers; the others are compared with the first"""
    lengths: str = "125,250,500,1000,2000,4000"
    """time steps"""
    batch: int = 16
    """rows of a batch"""
    features: int = 128
    """size of the inputs"""
    units: int = 256
    """size of the state"""
    rounds: int = 5
    """turns that each layer gets at a length, of 0.3 seconds or more"""
    json: str | None = None
    """write the rows to this file too"""
    plot: str | None = None
    """draw them to this PNG file"""

    def __post_init__(self):
        known = set(self.layers.split(",")) <= set(LAYERS)
        require(self, "layers", known, f"some of {','.join(LAYERS)}")
        numbers = all(re.fullmatch(r"[1-9]\d*", length) for length in self.lengths.split(","))
        require(self, "lengths", numbers, "like 125,250: time steps")
        for field in ("batch", "features", "units", "rounds"):
            require(self, field, getattr(self, field) >= 1, "at least 1")


def prepare(layer: str, length: int, options: ParallelOptions) -> Measure:
    """What times training steps of a layer and a unit that reads its last state."""
    import keras

    from rnnapps import layers

    model = keras.Sequential(
        [
            keras.Input((length, options.features)),
            getattr(layers, layer)(options.units),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    shape = f"{options.batch}x{length}x{options.features}x{options.units}"
    return within_fit(model, Case(layer, shape, "none", "training", "auto"))


def time_length(length: int, options: ParallelOptions) -> list[Row]:
    """The rows of one length."""
    measures = {layer: prepare(layer, length, options) for layer in options.layers.split(",")}
    for measure in measures.values():
        measure(0, 0)  # compiles
    seconds: dict[str, list[float]] = {layer: [] for layer in measures}
    for _ in range(options.rounds):
        for layer, measure in measures.items():
            seconds[layer] += measure(ROUND_SECONDS, ROUND_LEAST)
    rows = [{"layer": layer, "length": length} | figures(seconds[layer], 0) for layer in measures]
    for row in rows:
        del row["compile_s"]  # the first call of fit may wait longer for its data than for XLA
    return rows


def medians(rows: list[Row]) -> dict[str, dict[int, float]]:
    """Milliseconds of each layer by length."""
    times: dict[str, dict[int, float]] = {}
    for row in rows:
        times.setdefault(row["layer"], {})[row["length"]] = row["median_ms"]
    return times


def table(times: Mapping[str, Mapping[int, float]]) -> str:
    """The milliseconds, and how many times as long as each of the others the first layer takes."""
    first, *others = times
    titles = [f"{layer} ms" for layer in times] + [f"{first}/{layer}" for layer in others]
    lines = [f"{'length':>6}" + "".join(f"{title:>14}" for title in titles)]
    for length, reference in times[first].items():
        numbers = [f"{of_layer[length]:14.1f}" for of_layer in times.values()]
        numbers += [f"{reference / times[layer][length]:14.2f}" for layer in others]
        lines.append(f"{length:>6}" + "".join(numbers))
    return "\n".join(lines)


def plot(times: Mapping[str, Mapping[int, float]], title: str, file: Path) -> None:
    """Draw the milliseconds against the length, both on logarithmic axes, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for layer, of_layer in times.items():
        axes.plot(list(of_layer), list(of_layer.values()), marker="o", label=layer)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    lengths = list(next(iter(times.values())))
    axes.set_xticks(lengths, labels=list(map(str, lengths)))
    axes.set(xlabel="time steps", ylabel="training step (ms)", title=title)
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(file, format="png", dpi=100)


def main(arguments: list[str]) -> None:
    """The command."""
    options = parse(ParallelOptions, arguments, prog=PROG)
    for file in filter(None, (options.json, options.plot)):
        check_file(Path(file))
    backend.load_quietly()
    about = backend.describe()
    rows = []
    for length in map(int, options.lengths.split(",")):
        rows += time_length(length, options)
        print(f"{length} steps timed", flush=True)
    times = medians(rows)
    print(table(times))
    print(f"({', '.join(f'{name} {value}' for name, value in about.items())})")
    if options.json:
        report = {
            "command": command(replace(options, json=None, plot=None), PROG),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **about,
            "rows": rows,
        }
        write_json(Path(options.json), report)
    if options.plot:
        shape = f"batch {options.batch}, {options.features} features, {options.units} units"
        plot(times, f"{shape}; {about['backend']}, {about['cores']} cores", Path(options.plot))
