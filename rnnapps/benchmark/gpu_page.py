"""The page of a run of `rnnapps benchmark gpu`: tables in Markdown, of nothing but its rows.

python -m rnnapps.benchmark.gpu_page torch.json jax.json > gpu.md
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rnnapps.benchmark.layers import Row
from rnnapps.command_line import run
from rnnapps.errors import UsageError

Cells = Sequence[Any]


def page(report: dict[str, Any]) -> str:
    """The tables of a report."""
    rows = report["rows"]
    parts = [
        f"# {report['device']}, {report['backend']}",
        f"`{report['command']}`, {report['date']}, {report['seconds']} seconds; rnnapps "
        f"{report['rnnapps']}, Keras {report['keras']}, {report['processor']}, {report['cores']} cores.",
        counts(rows),
        *(make([row for row in rows if row["section"] == name]) for name, make in TABLES.items()),
        left_over(rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(title: str, names: Cells, lines: Iterable[Cells]) -> str:
    """A table with a title; nothing without lines."""
    shown = [f"| {' | '.join(map(cell, line))} |" for line in lines]
    head = [f"## {title}", "", f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join(head + shown) if shown else ""


def cell(value: Any) -> str:
    """A value in a table."""
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|")


def counts(rows: list[Row]) -> str:
    """How many checks of each section came to what."""
    statuses = ("passed", "failed", "measured", "not run")
    of = Counter((row["section"], row["status"]) for row in rows)
    lines = (
        (section, *(of[section, status] for status in statuses))
        for section in dict.fromkeys(row["section"] for row in rows)
    )
    return table("Checks", ("section", *statuses), lines)


def grouped(rows: list[Row], *fields: str) -> dict[tuple, list[Row]]:
    """Rows by the values of some fields, in the order in which they come."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(field) for field in fields), []).append(row)
    return groups


def numerics(rows: list[Row]) -> str:
    """The largest difference of each layer and precision, over its directions and masks."""
    rows = [row for row in rows if row.get("difference") is not None]
    lines = []
    for about, group in grouped(rows, "layer", "steps", "precision").items():
        worst = max(group, key=lambda row: row["difference"])
        right = sum(row["status"] == "passed" for row in group)
        where = f"{worst['of']}; {worst['direction']}, mask {worst['mask']}"
        kernels = ", ".join(sorted({row["kernel"] for row in group}))
        lines.append(
            (*about, kernels, f"{right} of {len(group)}", worst["difference"], worst["tolerance"], where)
        )
    names = (
        "layer",
        "steps",
        "precision",
        "kernel",
        "right",
        "largest difference",
        "tolerance",
        "where",
    )
    return table("Numbers beside the CPU's", names, lines)


def kernels(rows: list[Row]) -> str:
    """Which kernels the profiler saw."""
    fields = ("layer", "direction", "mask", "kernel", "cudnn")
    lines = (
        (*(row[field] for field in fields), "<br>".join(f"`{name}`" for name in row["names"]))
        for row in rows
        if "names" in row
    )
    return table("What the profiler saw", (*fields, "names"), lines)


def speed(rows: list[Row]) -> str:
    """The products; and the steps, padded beside unpadded."""
    products = (
        (row["precision"], row["size"], row["tflops"], row["peak_tflops"])
        for row in rows
        if row["what"] == "product" and "tflops" in row
    )
    names = ("precision", "size", "measured TFLOP/s", "data sheet TFLOP/s")
    first = table("Product of two square matrices", names, products)
    lines = []
    steps = [row for row in rows if row["what"] == "step" and "median_ms" in row]
    for about, group in grouped(steps, "layer", "shape", "precision", "library").items():
        by_mask = {row["mask"]: row for row in group}
        plain, padded = by_mask.get("none", {}), by_mask.get("padded", {})
        times = (plain.get("us_per_real_step"), padded.get("us_per_real_step"))
        ratio = times[1] / times[0] if all(times) else None
        both = (plain.get("median_ms"), padded.get("median_ms"), *times, ratio)
        lines.append((*about, *both, plain.get("tflops"), share(plain)))
    names = ("layer", "shape", "precision", "library", "ms", "padded ms", "us a real step")
    names += ("padded", "ratio", "TFLOP/s", "of the peak")
    return "\n\n".join(filter(None, (first, table("A training step", names, lines))))


def share(row: Row) -> str | None:
    """The share of the peak, and of which."""
    return f"{row['share']:.1%} ({row['share_of']})" if "share" in row else None


def scan(rows: list[Row]) -> str:
    """Numbers of long scans, and how many times as long the GRU's step takes."""
    lines = []
    for (shape,), group in grouped([row for row in rows if "median_ms" in row], "shape").items():
        gru = next((row["median_ms"] for row in group if row["layer"] == "GRU"), None)
        for row in group:
            lines.append((shape, row["layer"], row["median_ms"], gru and gru / row["median_ms"]))
    names = ("shape", "layer", "ms of a training step", "times as fast as the GRU")
    times = table("Trained in parallel over time", names, lines)
    return "\n\n".join(filter(None, (numerics(rows).replace("## Numbers", "## Long scans"), times)))


def decoder(rows: list[Row]) -> str:
    """Numbers of the attention decoder, and its times."""
    fields = ("cell", "attention", "precision", "status", "difference", "tolerance", "of")
    numbers = ([row.get(field) for field in fields] for row in rows if row["what"] == "numerics")
    times = (
        (row["what"], row["library"], row["median_ms"], row["compile_s"])
        for row in rows
        if "median_ms" in row
    )
    parts = (
        table("Attention decoder", fields, numbers),
        table("Times of the attention decoder", ("what", "library", "ms", "compilation, s"), times),
    )
    return "\n\n".join(filter(None, parts))


def trainings(rows: list[Row]) -> str:
    """The scores of the trainings."""
    fields = ("application", "score", "value", "least", "epochs", "seconds", "status")
    return table("Trainings", fields, ([row.get(f) for f in fields] for row in rows if "value" in row))


def left_over(rows: list[Row]) -> str:
    """What failed and what was not run, with the reasons."""
    hidden = {"section", "device", "status", "reason", "names"}
    lines = []
    for (section, status, reason), group in grouped(rows, "section", "status", "reason").items():
        if status == "not run":
            about = [row.get("application") for row in group]
            what = ", ".join(filter(None, about)) or f"{len(group)} checks"
            lines.append((section, status, what, reason))
        elif status == "failed":
            for row in group:
                what = ", ".join(f"{name} {cell(row[name])}" for name in row if name not in hidden)
                lines.append((section, status, what, reason))
    return table("Failed or not run", ("section", "status", "what", "reason"), lines)


TABLES: dict[str, Callable[[list[Row]], str]] = {
    "numerics": numerics,
    "kernels": kernels,
    "speed": speed,
    "scan": scan,
    "decoder": decoder,
    "trainings": trainings,
}


def main(files: list[str]) -> None:
    """Print the page of some reports."""
    if not files:
        raise UsageError("expected files that rnnapps benchmark gpu --json wrote")
    print("\n".join(page(json.loads(Path(file).read_text(encoding="utf-8"))) for file in files), end="")


if __name__ == "__main__":
    run(main)
