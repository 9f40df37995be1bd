"""Do trainings on this machine come to their figures? A part of `rnnapps benchmark gpu`.

The commands of a user, each in a process of its own, which is stopped when its time is up.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rnnapps import datasets
from rnnapps.benchmark.gpu_machine import Check, Machine
from rnnapps.benchmark.layers import Row

LIBRARIES = ("matplotlib", "sacrebleu", "sklearn", "tokenizers", "tyro")  # that a training imports


class Training(NamedTuple):
    """An application's training on the data that come with rnnapps."""

    data: str
    score: str
    """what is scored, of the bundle's metrics"""
    least: float
    """the least that passes: the lower end of the interval of the shipped bundle's accuracy; and its
    BLEU less twice what another seed is known to change"""
    dry: tuple[str, ...]
    """flags of a training of seconds"""


TRAININGS = {
    "sentiment": Training(
        "sentences/sentences.csv.xz",
        "accuracy",
        0.793,
        ("--units=8", "--embedding-size=16", "--max-length=16"),
    ),
    "translation": Training(
        "translation/en-fr.tsv.xz",
        "bleu",
        29.5,
        ("--units=16", "--embedding-size=16", "--max-tokens=8"),
    ),
}
DRY = ("--vocabulary=600", "--epochs=1")
DRY_ROWS = 300
SHORT = 14  # letters


def checks(machine: Machine, dry: bool) -> Iterator[Check]:
    """One for each training."""
    for name in TRAININGS:
        yield Check(
            {"application": name}, lambda seconds, name=name: train(machine.backend, name, dry, seconds)
        )


def train(backend: str, name: str, dry: bool, seconds: float) -> Row:
    """The rest of a row: the score on the test rows, and what it took."""
    training = TRAININGS[name]
    if not datasets.path(training.data).exists():
        return not_run(f"the embedded data are not here ({training.data})")
    if missing := [library for library in LIBRARIES if find_spec(library) is None]:
        return not_run(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "bundle"
        words = [sys.executable, "-m", "rnnapps", "train", name, f"--output={output}"]
        if dry:
            words += [*DRY, *training.dry, f"--data={write_few(training.data, Path(folder))}"]
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=os.environ | {"KERAS_BACKEND": backend},
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return not_run(f"not done in the {seconds:.0f} seconds that were left")
        if done.returncode:
            last = [*done.stderr.strip().splitlines(), "nothing was said"][-2 if done.stderr else -1]
            return {"status": "failed", "reason": f"status {done.returncode}: {last}"}
        metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    value, least = metrics["scores"][training.score], 0.0 if dry else training.least
    return {
        "score": training.score,
        "value": value,
        "least": least,
        "epochs": metrics["training"]["epochs"],
        "seconds": metrics["training"]["seconds"],
        "status": "passed" if value >= least else "failed",
    }


def not_run(reason: str) -> Row:
    """The rest of the row of a check that was not run."""
    return {"status": "not run", "reason": reason}


def write_few(data: str, folder: Path) -> Path:
    """A few of the embedded rows, as a file of a user."""
    from rnnapps.data.tables import read_table

    rows = [row.fields for row in read_table(datasets.path(data))]
    # Sentences with a label, or pairs of short ones.
    rows = [row for row in rows if (len(row["en"]) < SHORT if "en" in row else row["label"])]
    file = folder / "few.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        names = [name for name in ("text", "label", "en", "fr") if name in rows[0]]
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(random.Random(0).sample(rows, DRY_ROWS))
    return file
