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


FILES = [
    *("layers/test_kernels.py", "layers/test_cudnn.py", "layers/test_keras_behaviour.py"),
    *("layers/test_compiled_step.py", "layers/test_regularisers.py", "layers/test_layer_norm.py"),
    *("layers/test_min_recurrent.py", "layers/test_recurrent_stack.py"),
    *("layers/test_attention.py", "layers/test_attention_decoder.py", "decoding"),
]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_layers(backend):
    """The tests of layers and decoding, which run on TensorFlow when they are found, in a process."""
    # JAX compiles everything it runs: there the odd masks, which hold all others, are enough.
    fewer = ("-k", "not test_fused_equals_the_loop or odd") if backend == "jax" else ()
    files = [Path(__file__).parent / name for name in FILES]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", *fewer, *files],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=1500,
    )
    assert result.returncode == 0, result.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) > 120
