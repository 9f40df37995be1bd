"""Does everything work on this GPU, and how fast? `rnnapps benchmark gpu`.

One command, in under eight minutes and without a network, on any CUDA machine with PyTorch or JAX: the
numbers of every layer, mask, direction and precision beside those of the CPU; whether cuDNN was really
called; the times of padded and unpadded batches beside Keras's and PyTorch's layers, with their share of
the card's peak; the scan of the minimal layers; the attention decoder; a training of sentiment and one
of translation. Whatever fails is listed, with exit status 1; what time does not allow is a row too,
"not run". On a CPU, `--dry` runs all of it on small shapes.

    python -m rnnapps.benchmark.gpu --json gpu.json --page gpu.md
    KERAS_BACKEND=jax rnnapps benchmark gpu --json jax.json
    rnnapps benchmark gpu --dry
    rnnapps benchmark gpu --sections numerics --layers LSTM,GRU
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from rnnapps import backend
from rnnapps.benchmark import (
    gpu_decoder,
    gpu_kernels,
    gpu_machine,
    gpu_numerics,
    gpu_page,
    gpu_speed,
    gpu_trainings,
)
from rnnapps.benchmark.gpu_machine import BACKENDS, Check, Machine
from rnnapps.benchmark.layers import Row
from rnnapps.command_line import describe, parse, run
from rnnapps.config import command
from rnnapps.errors import UsageError, UserError, brief, require
from rnnapps.outputs import check_file, write, write_json

SECTIONS = {  # in this order, with the share of the time; what one leaves over the next ones have
    "numerics": 0.35,
    "kernels": 0.05,
    "speed": 0.2,
    "scan": 0.06,
    "decoder": 0.09,
    "trainings": 0.25,
}
RESERVE = 10  # seconds at the end, for the check that is running when the time is up
PROG = "rnnapps benchmark gpu"


@dataclass(frozen=True)
class GPUOptions:
    """Check numbers and measure speed on a GPU. Lists are separated by commas."""

    sections: str = ",".join(SECTIONS)
    """parts to run"""
    layers: str = ",".join(gpu_numerics.LAYERS)
    """layers whose numbers are checked"""
    minutes: float = 8.0
    """time that all of it may take; what is not reached is reported as not run"""
    dry: bool = False
    """run on the CPU, a part of the cases on small shapes: whether the checks themselves work"""
    json: str | None = None
    """write the rows to this file, after each section"""
    page: str | None = None
    """write tables of them to this file, in Markdown"""

    def __post_init__(self):
        for field, names in (("sections", SECTIONS), ("layers", gpu_numerics.LAYERS)):
            known = set(getattr(self, field).split(",")) <= set(names)
            require(self, field, known, f"some of {','.join(names)}")
        require(self, "minutes", 0 < self.minutes < 1000, "above 0 and below 1000")


def choose_backend(dry: bool) -> None:
    """Choose the backend before Keras is imported: that of KERAS_BACKEND, or one that is installed.

    Raises:
        UsageError: it is another than those of the checks.
        UserError: none of them is installed.
    """
    installed = [name for name in BACKENDS if find_spec(name)]
    if not installed:
        raise UserError(f"{PROG} needs one of {', '.join(BACKENDS)}: pip install one")
    name = os.environ.get("KERAS_BACKEND") or installed[0]
    if name not in BACKENDS:
        raise UsageError(f"KERAS_BACKEND is '{name}': these checks are for {' and '.join(BACKENDS)}")
    os.environ["KERAS_BACKEND"] = name
    # This process and those of the trainings share the card: JAX shall not take most of it at once.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if dry:
        os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
        # Nothing runs for long there: what takes time is to compile.
        os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    # Keras looks for it on any backend; it would take time, and a part of the card.
    sys.modules.setdefault("tensorflow", None)


def checks_of(section: str, machine: Machine, options: GPUOptions) -> Iterable[Check]:
    """The checks of a section."""
    dry = options.dry
    return {
        "numerics": lambda: gpu_numerics.checks(options.layers.split(","), dry),
        "kernels": lambda: gpu_kernels.checks(machine, dry),
        "speed": lambda: gpu_speed.checks(machine, dry),
        "scan": lambda: chain(gpu_numerics.scan_checks(dry), gpu_speed.scan_checks(machine, dry)),
        "decoder": lambda: gpu_decoder.checks(dry),
        "trainings": lambda: gpu_trainings.checks(machine, dry),
    }[section]()


def run_checks(section: str, checks: Iterable[Check], device: str, deadline: float) -> Iterator[Row]:
    """The rows of a section. A check that raises has failed; after the deadline none is run."""
    for about, work in checks:
        left = deadline - time.monotonic()
        if left <= 0:
            row = {"status": "not run", "reason": "the time of this section was up"}
        else:
            try:
                row = work(left)
            except Exception as error:  # whatever a library cannot do here; the other checks go on
                reason = f"{type(error).__name__}: {brief(describe(error))}"
                row = {"status": "failed", "reason": reason}
        yield {"section": section, "device": device} | about | row


def deadlines(sections: list[str], start: float, seconds: float) -> dict[str, float]:
    """When each section has to end."""
    whole, passed, ends = sum(SECTIONS[section] for section in sections), 0.0, {}
    for section in sections:
        passed += SECTIONS[section]
        ends[section] = start + seconds * passed / whole
    return ends


def line(row: Row) -> str:
    """A row for people."""
    hidden = ("section", "device", "status", "p10_ms", "p90_ms", "repetitions", "names")
    values = (
        f"{name.removesuffix('_ms')} {f'{value:.4g}' if isinstance(value, float) else value}"
        for name, value in row.items()
        if name not in hidden
    )
    return f"{row['status']:<8}  {row['section']}: {', '.join(values)}"


def summary(section: str, rows: list[Row]) -> str:
    """How many checks of a section passed, failed and were not run."""
    counts = Counter(row["status"] for row in rows)
    return f"{section}: " + (", ".join(f"{n} {status}" for status, n in counts.items()) or "nothing")


def main(arguments: list[str]) -> None:
    """The command.

    Raises:
        UserError: a check failed, or there is no GPU.
    """
    start = time.monotonic()
    options = parse(GPUOptions, arguments, prog=PROG)
    for file in filter(None, (options.json, options.page)):
        check_file(Path(file))
    choose_backend(options.dry)
    backend.load_quietly()
    machine = gpu_machine.find()
    if not (machine.gpu or options.dry):
        raise UserError(f"{machine.backend} sees no GPU: --dry runs the checks on the CPU")
    report: dict[str, Any] = {
        "command": command(replace(options, json=None, page=None), PROG),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **backend.describe(),
        "device": machine.device,
        "rows": [],
    }
    print(f"{report['backend']} on {machine.device}", flush=True)
    sections = [section for section in SECTIONS if section in options.sections.split(",")]
    for section, end in deadlines(sections, start, 60 * options.minutes - RESERVE).items():
        rows = []
        for row in run_checks(section, checks_of(section, machine, options), machine.device, end):
            rows.append(row)
            if row["status"] == "failed" or section != "numerics":
                print(line(row), flush=True)
        print(summary(section, rows), flush=True)
        report["rows"] += rows
        report["seconds"] = round(time.monotonic() - start)
        if options.json:  # already now: whatever stops the process, these rows are there
            write_json(Path(options.json), report)
    if options.page:
        write(Path(options.page), gpu_page.page(report).encode())
    finish(report)


def finish(report: dict[str, Any]) -> None:
    """Print what failed and what was not run.

    Raises:
        UserError: a check failed.
    """
    rows = report["rows"]
    failed = [row for row in rows if row["status"] == "failed"]
    unseen = Counter(row["section"] for row in rows if row["status"] == "not run")
    print(summary(f"all, in {report['seconds']} seconds", rows))
    if unseen:
        print("not run: " + ", ".join(f"{n} of {section}" for section, n in unseen.items()))
    for row in failed:
        print(line(row))
    if failed:
        raise UserError(f"{len(failed)} of {len(rows)} checks failed: they are listed above")


if __name__ == "__main__":
    run(main)
