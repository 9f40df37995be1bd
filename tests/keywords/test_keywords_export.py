"""Exported steps: what they give, what they cost, and what they need."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from conftest import run

import rnnapps
from rnnapps import bundle
from rnnapps.commands.main import dispatch
from rnnapps.errors import UserError
from rnnapps.export.exported_bundles import export_bundles
from rnnapps.export.exported_step import ExportedStep
from rnnapps.keywords import data
from rnnapps.keywords.evaluate import evaluate


@pytest.fixture(scope="module", params=["litert", "onnx"])
def exported(request, small_keywords, tmp_path_factory):
    """The folder of the bundles of a format, and the table."""
    folder = tmp_path_factory.mktemp("exported") / request.param
    command = ["--model", str(small_keywords), "--format", request.param, "--output", str(folder)]
    dispatch(["export", "keywords", *command, "--json", str(folder.parent / "table.json")])
    return folder, json.loads((folder.parent / "table.json").read_text())


def test_both_precisions_give_what_the_network_gives(exported, small_keywords, small_keywords_config):
    folder, table = exported
    examples = data.load(small_keywords_config)["test"]
    whole = rnnapps.load(small_keywords).probabilities(examples.inputs)
    for name, tolerance in (("float32", 1e-5), ("int8", 0.2)):
        recogniser = rnnapps.load(folder / name)
        probabilities = recogniser.probabilities(examples.inputs)
        assert np.abs(probabilities - whole).max() < tolerance
        report = evaluate(recogniser, examples)
        stored = bundle.read_json(folder / name / "metrics.json")
        assert stored["scores"]["accuracy"] == pytest.approx(report["scores"]["accuracy"])
        assert stored["baselines"] and stored["data"]["digest"] == examples.digest()
        assert recogniser(examples.inputs[0]).word == recogniser.labels[probabilities[0].argmax()]
    keras, float32, int8 = table["rows"]
    assert keras["accuracy"] == float32["accuracy"]
    assert abs(int8["accuracy"] - keras["accuracy"]) <= 2 / len(examples)  # two clips, of few
    assert int8["difference"] > float32["difference"]
    assert 0 < float32["microseconds"] < 5000


def test_it_is_served_without_keras_and_tensorflow(exported, small_keywords_config, tmp_path):
    folder, _ = exported
    examples = data.load(small_keywords_config)["test"]
    file = tmp_path / "long.wav"
    soundfile.write(file, np.concatenate([np.zeros(4000), *examples.inputs[:6]]), 8000)
    program = (
        "import sys; from rnnapps.commands.main import dispatch;"
        f"dispatch(['stream', 'keywords', '--model', {str(folder / 'int8')!r}, '--input', {str(file)!r},"
        "'--threshold', '0.3']);"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines(), "nothing was detected"
    assert result.stderr == ""
    answered = run("predict", "keywords", "--model", folder / "float32", file)
    assert answered.returncode == 0 and answered.stdout.endswith("long.wav\n")


def test_what_is_refused(exported, small_keywords, tmp_path, monkeypatch):
    folder, _ = exported
    with pytest.raises(UserError, match="exists: give another --output, or replace it with --overwrite"):
        dispatch(["export", "keywords", "--model", str(small_keywords), "--output", str(folder)])
    with pytest.raises(UserError, match="it is exported already"):
        dispatch(
            ["export", "keywords", "--model", str(folder / "int8"), "--output", str(tmp_path / "again")]
        )
    (name,) = (file.name for file in (folder / "int8").glob("step.*"))
    damaged = tmp_path / name
    damaged.write_bytes((folder / "int8" / name).read_bytes()[:1000])
    with pytest.raises(UserError, match=f"{name}: cannot be read: "):
        ExportedStep(damaged)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"is not installed: pip install rnnapps\[export\]"):
        rnnapps.load(folder / "int8")
    command = ["--model", str(small_keywords), "--output", str(tmp_path / "new")]
    format = "onnx" if name.endswith("onnx") else "litert"
    with pytest.raises(UserError, match=r"is not installed: pip install rnnapps\[export\]"):
        dispatch(["export", "keywords", *command, "--format", format])
    assert not (tmp_path / "new").exists() or not any((tmp_path / "new").iterdir())


def test_a_network_that_cannot_stream(small_keywords, tmp_path):
    recogniser = rnnapps.load(small_keywords)
    recogniser.config = replace(
        recogniser.config, model=replace(recogniser.config.model, architecture="att_rnn")
    )
    with pytest.raises(UserError, match="cannot stream: train one with --architecture"):
        export_bundles(recogniser, "litert", tmp_path / "out", lambda one: {}, {})
