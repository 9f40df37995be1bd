"""Exported blocks: what they give, and that they need no Keras."""

import json
import subprocess
import sys

import pytest
import soundfile

import rnnapps
from rnnapps import bundle
from rnnapps.commands.main import dispatch
from rnnapps.inference.ctc_config import CTCConfig
from rnnapps.speech import data


@pytest.fixture(scope="module", params=["litert", "onnx"])
def exported(request, small_bundles, tmp_path_factory):
    """The folder of the bundles of a format, and the table."""
    folder = tmp_path_factory.mktemp("exported") / request.param
    command = ["--model", str(small_bundles("speech")), "--format", request.param]
    table = folder.parent / "table.json"
    dispatch(["export", "speech", *command, "--output", str(folder), "--json", str(table)])
    return folder, json.loads(table.read_text())


def test_both_precisions_hear_what_the_network_hears(exported, small_bundles, small_configs):
    folder, table = exported
    keras, float32, int8 = table["rows"]
    assert float32["wer"] == keras["wer"] and "accuracy" not in keras
    assert keras["difference"] < 1e-4 and float32["difference"] < 1e-4 < int8["difference"] < 0.3
    assert 0 < float32["microseconds"] < 5000
    examples = data.load(small_configs("speech"))["test"]
    network, recogniser = rnnapps.load(small_bundles("speech")), rnnapps.load(folder / "float32")
    for decoding in (CTCConfig(), CTCConfig(beam_width=4)):
        ours, theirs = (one(examples.inputs[:2], decoding) for one in (recogniser, network))
        assert [one.text for one in ours] == [one.text for one in theirs]
        assert ours[0].confidence == pytest.approx(theirs[0].confidence, abs=1e-3)
    stored = bundle.read_json(folder / "int8" / "metrics.json")
    assert stored["scores"]["wer"] == int8["wer"] and stored["baselines"]


def test_it_is_served_without_keras_and_tensorflow(exported, small_configs, tmp_path):
    folder, _ = exported
    examples, file = data.load(small_configs("speech"))["test"], tmp_path / "long.wav"
    soundfile.write(file, examples.inputs[0], 8000)
    program = (
        "import sys; from rnnapps.commands.main import dispatch;"
        f"dispatch(['stream', 'speech', '--model', {str(folder / 'int8')!r}, '--input', {str(file)!r}]);"
        f"dispatch(['predict', 'speech', '--model', {str(folder / 'int8')!r}, {str(file)!r}]);"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    *_, answered = result.stdout.splitlines()
    assert answered.endswith("long.wav")
