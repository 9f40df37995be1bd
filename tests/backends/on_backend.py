"""What the tests of each backend share: the same layers, the same training, the same bundle."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run

import rnnapps

TESTS = Path(__file__).parent.parent
# Two lengths, since JAX compiles each anew.
FLAGS = (
    *("--vocabulary", 600, "--units", 8, "--embedding-size", 16, "--max-length", 16),
    *("--epochs", 1, "--batch-size", 64),
)
FILES = (
    *("layers/test_kernels.py", "layers/test_cudnn.py", "layers/test_keras_behaviour.py"),
    *("layers/test_compiled_step.py", "layers/test_regularisers.py", "layers/test_layer_norm.py"),
    *("layers/test_min_recurrent.py", "layers/test_recurrent_stack.py"),
    *("layers/test_log_mel.py", "layers/test_spec_augment.py", "layers/test_causal_conv.py"),
    *("layers/test_recent_attention.py", "layers/test_compiled_stream.py"),
    *("layers/test_doubly_stochastic.py", "encoders/test_efficientnet_lite0.py"),
    *("layers/test_attention.py", "layers/test_attention_decoder.py", "decoding"),
    *("layers/test_masks.py", "layers/test_derivatives.py", "layers/test_lengths.py"),
    *("layers/test_exporting.py", "layers/test_carried_states.py"),
    *("layers/test_soft_window.py", "training/test_ctc_loss.py"),
    *("layers/test_attention_recurrence.py", "translation/test_translation_model.py"),
    "diagnostics/test_flow_on_backends.py",
)


def check_layers(backend, *options, without=()):
    """Run the tests of layers and decoding, which run on TensorFlow when they are found."""
    files = [TESTS / name for name in FILES if name not in without]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", *options, *files],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=1500,
    )
    assert result.returncode == 0, result.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) > 120


def check_training(backend, data, folder):
    """Train, and compare what the bundle predicts on the backend and on TensorFlow."""
    bundle = folder / "bundle"
    trained = run("train", "sentiment", "--data", data, *FLAGS, "--output", bundle, backend=backend)
    assert trained.returncode == 0, trained.stderr
    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["environment"]["backend"].startswith(backend)

    texts = ("A fine film.", "Not good.")
    command = ("predict", "sentiment", "--model", bundle, "--json", "-", *texts)
    here = [json.loads(line) for line in run(*command, backend=backend).stdout.splitlines()]
    there = [prediction.to_dict() for prediction in rnnapps.load(bundle)(list(texts))]
    assert len(here) == 2
    for ours, theirs in zip(here, there, strict=True):
        assert ours["probabilities"] == pytest.approx(theirs["probabilities"], abs=1e-5)
