"""The same layers, the same training and the same bundle on every backend."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run

# Two lengths, since JAX compiles each anew.
FLAGS = (
    *("--vocabulary", 600, "--units", 8, "--embedding-size", 16, "--max-length", 16),
    *("--epochs", 1, "--batch-size", 64),
)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_trains_and_serves_what_tensorflow_serves(backend, sentences_csv, tmp_path):
    command = ("train", "sentiment", "--data", sentences_csv, *FLAGS, "--output", tmp_path / "bundle")
    trained = run(*command, backend=backend)
    assert trained.returncode == 0, trained.stderr
    metrics = json.loads((tmp_path / "bundle" / "metrics.json").read_text())
    assert metrics["environment"]["backend"].startswith(backend)

    command = (
        "predict",
        "sentiment",
        "--model",
        tmp_path / "bundle",
        "--json",
        "A fine film.",
        "Not good.",
    )
    here = [json.loads(line) for line in run(*command, backend=backend).stdout.splitlines()]
    there = [json.loads(line) for line in run(*command).stdout.splitlines()]
    assert len(here) == 2
    for ours, theirs in zip(here, there, strict=True):
        assert ours["probabilities"] == pytest.approx(theirs["probabilities"], abs=1e-5)


FILES = ("test_kernels", "test_cudnn", "test_keras_behaviour", "test_compiled_step")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_layers(backend):
    """The tests of the recurrent layers, which run on TensorFlow when they are found, in a process."""
    folder = Path(__file__).parent / "layers"
    # JAX compiles everything it runs: there the odd masks, which hold all others, are enough.
    fewer = ("-k", "not test_fused_equals_the_loop or odd") if backend == "jax" else ()
    command = [sys.executable, "-m", "pytest", "-q", *fewer, *(folder / f"{name}.py" for name in FILES)]
    result = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": backend}, timeout=900
    )
    assert result.returncode == 0, result.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) > 60
