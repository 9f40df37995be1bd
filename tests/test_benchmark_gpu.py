"""The checks of a GPU run on a CPU, say what fails and what was not reached; on a GPU they all pass."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from refusals import refusal

from rnnapps.benchmark import gpu, gpu_kernels, gpu_page
from rnnapps.benchmark.gpu_machine import BACKENDS, Check, Machine
from rnnapps.benchmark.gpu_numerics import make_mask, verdict
from rnnapps.errors import UserError

DRY = ("--dry", "--sections", "numerics,kernels,speed,scan,decoder", "--layers", "LSTM,MinGRU")
BROKEN = """
from rnnapps.benchmark import gpu
from rnnapps.command_line import run
from rnnapps.layers.kernels import recurrence

right = recurrence.run_layer

def wrong(*arguments):
    outputs, last = right(*arguments)
    return outputs + 1e-3, last

recurrence.run_layer = wrong
run(gpu.main)
"""


def start(*words, backend="torch", timeout=600):
    """Run Python on a backend, compiled as for a user."""
    environment = os.environ | {"KERAS_BACKEND": backend}
    environment.pop("XLA_FLAGS", None)
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)


def test_a_dry_run(tmp_path):
    files = {"--json": tmp_path / "gpu.json", "--page": tmp_path / "gpu.md"}
    given = [word for pair in files.items() for word in pair]
    result = start("-m", "rnnapps.benchmark.gpu", *DRY, *given)
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(files["--json"].read_text(encoding="utf-8"))
    assert report["backend"].startswith("torch") and report["command"].startswith(f"{gpu.PROG} --sect")
    rows = report["rows"]
    assert {row["status"] for row in rows} == {"passed", "measured"}
    assert {row["device"] for row in rows} == {report["device"]} == {"cpu"}
    numbers = [row for row in rows if row["section"] == "numerics"]
    assert {row["layer"] for row in numbers} == {"LSTM", "MinGRU"}
    assert all(row["difference"] <= row["tolerance"] for row in numbers)
    steps = [row for row in rows if row["section"] == "speed" and row["what"] == "step"]
    assert {row["library"] for row in steps} == {"rnnapps", "keras", "torch.nn"}
    assert all(row["us_per_real_step"] > 0 and row["tflops"] > 0 for row in steps)

    page = files["--page"].read_text(encoding="utf-8")
    assert page == gpu_page.page(report)
    for title in ("Checks", "Numbers beside", "What the profiler saw", "A training step", "Long scans"):
        assert f"## {title}" in page
    assert "Failed or not run" not in page


def test_a_broken_layer_fails(tmp_path):
    file = tmp_path / "gpu.json"
    flags = ("--dry", "--sections", "numerics", "--layers", "GRU", "--json", file)
    result = start("-c", BROKEN, *flags)
    assert result.returncode == 1
    report = json.loads(file.read_text(encoding="utf-8"))
    failed = [row for row in report["rows"] if row["status"] == "failed"]
    assert failed and result.stderr.startswith(f"error: {len(failed)} of {len(report['rows'])} checks")
    assert "failed    numerics: layer GRU" in result.stdout
    assert "| numerics | failed | layer GRU, " in gpu_page.page(report)


def test_what_raises_has_failed_and_what_comes_too_late_is_not_run(capsys):
    def raising(seconds):
        raise ValueError("no such\nkernel")

    checks = [Check({"layer": "GRU"}, raising), Check({"layer": "LSTM"}, lambda seconds: 1 / 0)]
    (first, _), late = (
        list(gpu.run_checks("numerics", checks, "cpu", deadline)) for deadline in (np.inf, 0)
    )
    assert (first["status"], first["reason"]) == ("failed", "ValueError: no such kernel")
    assert [row["status"] for row in late] == ["not run"] * 2
    with pytest.raises(UserError, match="1 of 3 checks failed"):
        gpu.finish({"rows": [first, *late], "seconds": 1})
    printed = capsys.readouterr().out
    assert "not run: 2 of numerics" in printed and "ValueError: no such kernel" in printed


def test_sections_share_the_time():
    ends = gpu.deadlines(["numerics", "trainings"], 100, 60)
    assert ends == pytest.approx({"numerics": 135, "trainings": 160})
    assert sum(gpu.SECTIONS.values()) == pytest.approx(1)


def test_what_is_no_number_is_not_near():
    wanted = {"output": np.ones(3, "float32"), "state": np.ones(2, "float32")}
    found = wanted | {"state": np.array([1, np.nan], "float32")}
    row = verdict(found, wanted, "float32")
    assert (row["status"], row["of"], row["difference"]) == ("failed", "state", None)
    assert verdict(wanted, wanted, "float32")["status"] == "passed"


def test_masks_are_what_they_are_called():
    masks = {kind: make_mask(kind, 6, 9) for kind in ("right", "left", "holes", "an empty row")}
    assert (np.diff(masks["right"].astype(int)) <= 0).all() and masks["right"].any(axis=1).all()
    assert (masks["left"] == masks["right"][:, ::-1]).all()
    assert (np.diff(masks["holes"].astype(int)) > 0).any() and not masks["an empty row"][1].any()


def test_kernels_are_known_by_their_names():
    seen = "void RNN_blockPersist_fp_LSTM<float, 2>(...)"
    others = {"aten::cudnn_is_acceptable", "at::native::lstm_cell_forward", "ampere_sgemm_128x64_nn"}
    assert gpu_kernels.judged("cudnn", {seen, *others}) == {
        "cudnn": True,
        "number": 4,
        "names": [seen],
        "status": "passed",
    }
    assert gpu_kernels.judged("cudnn", others)["status"] == "failed"
    assert gpu_kernels.judged("fused", others)["status"] == "passed"
    assert gpu_kernels.judged("fused", {seen})["status"] == "failed"
    assert gpu_kernels.judged("fused", set())["status"] == "not run"


@pytest.mark.parametrize(
    ("card", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA L4", 121),
        ("NVIDIA L40S", None),
        ("Tesla T4", None),
    ],
)
def test_peaks_of_cards(card, peak):
    assert Machine("torch", card, True).peak("bfloat16") == peak


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sections", "numbers"], "--sections must be some of numerics,kernels,speed,"),
        (["--layers", "QRNN"], "--layers must be some of LSTM,GRU,"),
        (["--minutes", "0"], "--minutes must be above 0"),
        ([], "KERAS_BACKEND is 'tensorflow': these checks are for torch and jax"),
    ],
)
def test_wrong_use_is_one_line(words, message, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    status, error = refusal(capsys, "benchmark", "gpu", *words)
    assert status == 2
    assert error.startswith(f"error: {message}") and error.count("\n") == 1


@pytest.mark.gpu
@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_on_a_gpu(backend, tmp_path):
    """`pytest -m gpu -n 0 -s`: both backends, four minutes each at most."""
    if not shutil.which("nvidia-smi"):
        pytest.skip("no CUDA GPU: there is no nvidia-smi")
    flags = ("--minutes", 4, "--json", tmp_path / "gpu.json")
    result = start("-m", "rnnapps.benchmark.gpu", *flags, backend=backend)
    if "sees no GPU" in result.stderr:
        pytest.skip(result.stderr.strip())
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
