"""A training killed in the middle of an epoch, and resumed, ends in the weights of one that ran on."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from conftest import run
from refusals import refusal

# The network that compiles fastest; tests/test_contract.py resumes that of every application.
FLAGS = [
    *("--vocabulary", 600, "--units", 8, "--embedding-size", 16, "--max-length", 16),
    *("--cell", "min_gru", "--epochs", 3, "--batch-size", 8),
    *("--checkpoint-every", 5, "--ema-momentum", 0.9, "--bpe-dropout", 0.1, "--patience", 1),
]


def weights(path):
    """Every byte of the weights in a bundle."""
    with zipfile.ZipFile(path / "model.keras") as archive:
        return archive.read("model.weights.h5")


def checkpoint_facts(file):
    try:
        with np.load(file) as content:
            return json.loads(str(content["facts"]))
    except FileNotFoundError:
        return {"epoch": 0, "step": 0}


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_sigkill_in_the_middle_of_an_epoch(backend, sentences_csv, tmp_path, capsys):
    command = ["train", "sentiment", "--data", sentences_csv, *FLAGS]
    through = run(*command, "--output", tmp_path / "through", backend=backend)
    assert through.returncode == 0, through.stderr

    command += ["--output", tmp_path / "killed"]
    file = tmp_path / "killed.training" / "checkpoint.npz"
    with subprocess.Popen(
        [sys.executable, "-m", "rnnapps", *map(str, command)],
        env=os.environ | {"KERAS_BACKEND": backend},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            facts = checkpoint_facts(file)
            if facts["epoch"] >= 1 and facts["step"] > 0:
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()

    status, error = refusal(capsys, *command)
    assert status == 1 and "an unfinished training: continue it with --resume" in error

    resumed = run(*command, "--resume", backend=backend)
    assert resumed.returncode == 0, resumed.stderr
    assert weights(tmp_path / "killed") == weights(tmp_path / "through")
    scores = [
        json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("killed", "through")
    ]
    assert scores[0]["scores"]["confusion_matrix"] == scores[1]["scores"]["confusion_matrix"]
    assert not file.exists()
