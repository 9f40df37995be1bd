"""The times of the layers: which cases, which ratios, and wrong use."""

import json
import math

import pytest
from conftest import run
from refusals import refusal

from rnnapps.benchmark.layers import comparison

CASE = ("layer", "shape", "mask", "pass", "library", "compiled")
STREAM = (
    ("rnnapps", "products"),
    ("rnnapps", "compiled_step"),
    ("rnnapps", "predict"),
    ("keras", "predict"),
)


def row(library: str, compiled: str, median: float, mask: str = "none", pass_: str = "training") -> dict:
    """A row of the gru."""
    values = ("gru", "4x6x3x8", mask, pass_, library, compiled)
    return dict(zip(CASE, values, strict=True)) | {"median_ms": median}


def check_figures(rows: list[dict]) -> None:
    for row in rows:
        assert 0 < row["p10_ms"] <= row["median_ms"] <= row["p90_ms"] < math.inf
        assert 0 <= row["compile_s"] < math.inf
        assert row["repetitions"] >= 2


def test_rows_and_ratios(tmp_path):
    file = tmp_path / "layers.json"
    flags = ("--layers", "gru", "--shapes", "4x6x3x8", "--masks", "padded", "--rounds", 1)
    result = run("benchmark", "layers", *flags, "--json", file)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["layers.json"]

    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["backend"].startswith("tensorflow") and report["cores"] >= 1
    assert {"date", "processor", "rnnapps", "keras", "python", "pytorch"} <= report.keys()
    assert report["command"].startswith("rnnapps benchmark layers --layers gru --shapes 4x6x3x8")

    rows = report["rows"]
    modes = [("rnnapps", "auto"), ("rnnapps", "xla"), ("keras", "auto"), ("keras", "xla")]
    modes.append(("pytorch", "eager"))
    expected = [
        ("gru", "4x6x3x8", "padded", pass_, *mode) for pass_ in ("forward", "training") for mode in modes
    ]
    expected += [("gru", "1x1x128x256", "none", "step", *way) for way in STREAM]
    assert [tuple(row[field] for field in CASE) for row in rows] == expected
    check_figures(rows)

    median = {tuple(row[field] for field in CASE): row["median_ms"] for row in rows}
    _, _, ratios = result.stdout.partition("times as long as rnnapps")
    printed = {tuple(line.split()[:-1]): line.split()[-1] for line in ratios.splitlines() if line}
    case = ("gru", "4x6x3x8", "padded", "training")
    for theirs in modes[1:]:
        ratio = median[(*case, *theirs)] / median[(*case, "rnnapps", "auto")]
        assert printed[(*case, *theirs)] == f"{ratio:.2f}"
    case = ("gru", "1x1x128x256", "none", "step", "rnnapps")
    ratio = median[(*case, "compiled_step")] / median[(*case, "products")]
    assert printed[(*case, "compiled_step")] == f"{ratio:.2f}"


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_have_one_mode(backend, tmp_path):
    file = tmp_path / "layers.json"
    flags = (
        "--layers",
        "bilstm,lstm",
        "--shapes",
        "1x6x3x8",
        "--masks",
        "padded",
        "--passes",
        "training",
    )
    flags += ("--libraries", "rnnapps,keras", "--rounds", 1)
    result = run("benchmark", "layers", *flags, "--json", file, backend=backend)
    assert result.returncode == 0, result.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["backend"].startswith(backend)
    assert [tuple(row[field] for field in CASE) for row in report["rows"]] == [
        *(
            (layer, "1x6x3x8", "padded", "training", library, "auto")
            for layer in ("bilstm", "lstm")
            for library in ("rnnapps", "keras")
        ),
        *(("lstm", "1x1x128x256", "none", "step", *way) for way in STREAM),
    ]
    check_figures(report["rows"])


def test_costs_of_what_only_rnnapps_has(tmp_path):
    file = tmp_path / "costs.json"
    flags = ("--layers", "layer_norm_gru,min_gru", "--shapes", "2x6x3x8", "--masks", "none")
    flags += ("--passes", "training", "--libraries", "rnnapps", "--rounds", 1, "--no-streaming")
    result = run("benchmark", "layers", *flags, "--json", file)
    assert result.returncode == 0, result.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["layer"] for row in rows] == ["layer_norm_gru", "min_gru"]
    check_figures(rows)
    for row in rows:
        assert f"{row['cost']:.2f} times our LSTM" in result.stdout


def test_comparison_names_cases_in_which_keras_is_faster():
    rows = [row("rnnapps", "auto", 2.0), row("keras", "auto", 1.0), row("pytorch", "eager", 1.0)]
    rows += [row("rnnapps", "auto", 2.0, "padded"), row("keras", "auto", 5.0, "padded")]
    rows += [
        row("rnnapps", "auto", 2.0, "none", "forward"),
        row("keras", "auto", 8.0, "none", "forward"),
    ]
    rows.append(row("keras", "xla", 1.0, "none", "forward"))
    rows.append(row("keras", "auto", 1.0, "padded", "forward"))  # ours has failed
    lines = comparison(rows)
    assert [line for line in lines if line.startswith(("training", "slower"))] == [
        "training, mask none, keras auto: median 0.50, least 0.50, most 0.50 of 1",
        "training, mask none, pytorch eager: median 0.50, least 0.50, most 0.50 of 1",
        "training, mask padded, keras auto: median 2.50, least 2.50, most 2.50 of 1",
        "slower than Keras: gru 4x6x3x8 none training keras auto: 0.50",
        "slower than Keras: gru 4x6x3x8 none forward keras xla: 0.50",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layers", "lstm,qrnn"], "--layers must be some of lstm,gru,rnn,bilstm,weight_drop,"),
        (["--masks", ""], "--masks must be some of none,padded"),
        (["--shapes", "8x10x4"], "--shapes must be like 64x100x128x256"),
        (["--shapes", "8x10x4x0"], "--shapes must be like 64x100x128x256"),
        (["--rounds", "0"], "--rounds must be at least 1, got 0"),
    ],
)
def test_wrong_use_is_one_line(words, message, capsys):
    status, error = refusal(capsys, "benchmark", "layers", *words)
    assert status == 2
    assert error.startswith(f"error: {message}") and error.count("\n") == 1


def test_unwritable_file_is_refused_before_any_work(tmp_path, capsys):
    for file in (tmp_path / "missing" / "layers.json", tmp_path):
        status, error = refusal(capsys, "benchmark", "layers", "--json", file)
        assert status == 1
        assert error.startswith(f"error: {tmp_path}") and error.count("\n") == 1


def test_a_library_that_cannot_be_loaded():
    result = run("benchmark", "layers", "--libraries", "keras", backend="theano")
    assert result.returncode == 1
    assert "error: keras: UsageError: KERAS_BACKEND is 'theano'" in result.stderr
    assert result.stderr.count("\n") == 1
