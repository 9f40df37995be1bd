"""What is special to keywords; the rest is in tests/test_contract.py.

The streams are those of the bundle that ships: it has learnt to hear words.
"""

import json
import logging
import os
import sys
from dataclasses import replace
from itertools import pairwise
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from conftest import with_training

import rnnapps
from rnnapps import backend, bundle, datasets
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.errors import UsageError, UserError
from rnnapps.inference.probabilities import softmax
from rnnapps.keywords import data
from rnnapps.keywords.config import ClipConfig, KeywordsConfig, ModelConfig
from rnnapps.keywords.evaluate import evaluate
from rnnapps.keywords.predictor import KeywordsPredictor

STREAM = ("stream", "keywords")


@pytest.fixture(scope="module")
def recogniser():
    return rnnapps.load("keywords/digits")


@pytest.fixture(scope="module")
def digits():
    """Every ninth test clip of the embedded digits: of each word, and of both speakers."""
    clips = data.load(KeywordsConfig())["test"]
    return replace(
        clips,
        inputs=clips.inputs[::9],
        classes=clips.classes[::9],
        targets=clips.targets[::9],
    )


@pytest.fixture(scope="module")
def long_file(digits, tmp_path_factory):
    """A recording with six test words, 0.7 s of faint noise around each, and their places."""
    random, pieces, spoken = np.random.default_rng(0), [], []
    for row in range(0, 30, 5):
        pieces.append(random.normal(scale=0.002, size=5600))
        spoken.append(digits.labels[digits.classes[row]])
        pieces.append(digits.inputs[row])
    pieces.append(random.normal(scale=0.002, size=5600))
    file = tmp_path_factory.mktemp("long") / "long.flac"
    soundfile.write(file, np.concatenate(pieces).clip(-1, 1), 8000)
    return file, spoken


def test_the_bundle_knows_silence(small_keywords):
    assert bundle.check(small_keywords, "keywords")["labels"] == ["_silence_", "five", "one", "two"]
    metrics = bundle.read_json(small_keywords / "metrics.json")
    assert any("SVM with radial kernel" in name for name in metrics["baselines"])
    assert "or `_silence_`" in (small_keywords / "card.md").read_text()
    for name in ("confusion_matrix.png", "det_curve.png"):
        assert (small_keywords / name).exists()


def test_start_from_a_bundle_with_other_classes(small_keywords_config, small_keywords, caplog):
    caplog.set_level(logging.INFO)
    config = replace(small_keywords_config, clips=ClipConfig(seconds=0.5, words="one"))
    model = prepare("keywords", with_training(config, init_from=str(small_keywords))).model
    assert "starting anew: classes" in caplog.text
    old = rnnapps.load(small_keywords).model
    for name in ("normalisation", "convolution_1", "recurrent"):
        for one, other in zip(
            old.get_layer(name).get_weights(), model.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_clips_of_any_length(recogniser, digits):
    many = recogniser(digits.inputs)
    assert [p.cut for p in many] == [len(clip) > 8000 for clip in digits.inputs]
    right = [p.word == digits.labels[n] for p, n in zip(many, digits.classes, strict=True)]
    assert np.mean(right) > 0.9
    np.testing.assert_allclose(
        recogniser.probabilities(digits.inputs),
        [list(p.probabilities.values()) for p in many],
        atol=1e-6,
    )
    assert recogniser.probabilities([]).shape == (0, 10)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "clip 1: shape"),
        (np.zeros(100, "int16"), "clip 1: int16: expected floats"),
        (np.full(100, np.nan), "clip 1: samples are NaN"),
        (np.zeros((8000, 2), "float32"), r"clip 1: shape \(8000, 2\): .*: average the channels"),
        (np.zeros((2, 8000)), r"clip 1: shape \(2, 8000\): .*; several clips are a list"),
        ([np.zeros(100), np.zeros((100, 2))], r"clip 2: shape \(100, 2\)"),
        (np.full(100, 2000.0), "clip 1: samples of up to 2,000: expected floats from -1 to 1"),
        (np.zeros(100, complex), "clip 1: complex128: expected floats"),
        ([np.zeros(9), [0.1, [0.2]]], "clip 2: no array"),
        ([0.1, 0.2], r"clip 1: shape \(\)"),
    ],
)
def test_samples_that_are_refused(recogniser, samples, message):
    with pytest.raises(UserError, match=message):
        recogniser(samples)


def test_command_predict(words_folder, tmp_path, capsys, caplog):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "stereo.flac", np.random.default_rng(0).random((88_200, 2)) - 0.5, 44_100)
    files = [tmp_path / "bad.wav", words_folder / "one", tmp_path / "stereo.flac", tmp_path / "no.wav"]
    with pytest.raises(UserError, match="2 of 33 files could not be read"):
        dispatch(["predict", "keywords", *map(str, files), "--json", "-"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 31
    assert lines[-1]["clip"].endswith("stereo.flac") and lines[-1]["cut"]
    assert sum(line["word"] == "one" for line in lines[:30]) > 25
    assert "bad.wav: not a readable sound file" in caplog.text
    assert "no.wav: no such file" in caplog.text
    (file, *_) = sorted((words_folder / "two").iterdir())
    picture = tmp_path / "two.png"
    dispatch(["predict", "keywords", str(file), "--plot", str(picture)])
    word, probability, name = capsys.readouterr().out.split()
    assert word == "two" and 0 < float(probability) <= 1 and name == str(file)
    assert picture.read_bytes().startswith(b"\x89PNG")


CAUSAL = {
    "gru": ModelConfig("gru", units=8, depth=2),
    "lstm": ModelConfig("lstm", units=8, pooling="last"),
    "crnn": ModelConfig("crnn", units=8, filters=4),
}


@pytest.mark.parametrize("architecture", CAUSAL)
def test_a_stream_gives_the_logits_of_the_whole_clip(architecture):
    from rnnapps.keywords.model import build

    config = KeywordsConfig(model=CAUSAL[architecture])
    backend.prepare(seed=1)
    model = build(config.model, 8000, 1.0, 10)
    random = np.random.default_rng(0)
    for layer in model.layers:  # as if trained: weights and statistics that make a difference
        layer.set_weights(
            [
                weight + 0.3 * random.random(weight.shape).astype("float32")
                for weight in layer.get_weights()
            ]
        )
    recogniser = KeywordsPredictor(model, [str(number) for number in range(10)], config)
    heard = recogniser.stream()
    clips = read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]
    long = np.concatenate([clip.samples for clip in clips[:40:10]])  # longer than the attention's window
    assert len(long) > 12_000
    x = long[: len(long) // 160 * 160]
    for count in (len(x), 8000):
        heard.reset()
        answers = []
        for start in range(0, count, 1111):  # pieces of any size
            answers += heard.push(x[start : min(start + 1111, count)])
        assert len(answers) == count // 160
        assert answers[-1][0] == pytest.approx(count / 8000)
        whole = model.predict_on_batch(x[None, :count])[0]
        np.testing.assert_allclose(heard.logits, whole, atol=1e-4)
        assert np.ptp(whole) > 0.01
        np.testing.assert_allclose(answers[-1][1], softmax(whole), atol=1e-4)


def test_a_network_of_both_directions_does_not_stream():
    from rnnapps.keywords.model import build

    config = KeywordsConfig(model=ModelConfig("att_rnn", units=4, filters=2))
    model = build(config.model, 8000, 1.0, 2)
    recogniser = KeywordsPredictor(model, ["no", "yes"], config)
    assert recogniser(np.zeros(8000)).word in ("no", "yes")
    with pytest.raises(
        UserError, match="cannot stream: train one with --architecture crnn, gru or lstm"
    ):
        recogniser.stream()


def test_command_stream(long_file, tmp_path, capsys):
    file, spoken = long_file
    picture = tmp_path / "stream.png"
    dispatch([*STREAM, "--input", str(file), "--plot", str(picture)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert sum(word in spoken for _, word, _ in lines) >= 5
    times = [float(time) for time, _, _ in lines]
    assert times == sorted(times)
    assert all(later - one >= 0.59 for one, later in pairwise(times))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(file.read_bytes(),))
    writer.start()
    dispatch([*STREAM, "--input", str(pipe)])
    writer.join()
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == lines
    dispatch([*STREAM, "--input", str(file), "--json", "-"])
    words = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [word["word"] for word in words] == [word for _, word, _ in lines]


def test_what_a_stream_refuses(recogniser, tmp_path, monkeypatch):
    for arguments in ([], ["--microphone", "--input", "a.wav"]):
        with pytest.raises(UsageError, match="give either --input FILE or --microphone"):
            dispatch([*STREAM, *arguments])
    with pytest.raises(UsageError, match="--plot is for a recording"):
        dispatch([*STREAM, "--microphone", "--plot", "a.png"])
    with pytest.raises(UserError, match="nowhere.wav: no such file"):
        dispatch([*STREAM, "--input", str(tmp_path / "nowhere.wav")])
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError, match=r"--microphone needs sounddevice: pip install rnnapps\[audio\]"):
        dispatch([*STREAM, "--microphone"])
    with pytest.raises(UserError, match="stream: samples are NaN"):
        recogniser.stream().push(np.array([np.inf]))


def test_the_microphone(long_file, capsys, monkeypatch):
    """What a device would give, by a stand-in for the package, until Ctrl-C."""
    file, _ = long_file
    samples, _ = soundfile.read(file, dtype="float32", always_2d=True)

    class InputStream:
        def __init__(self, rate, size, channels, dtype):
            assert (rate, channels, dtype) == (8000, 1, "float32")
            self.place = 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def read(self, size):
            if self.place >= len(samples):
                raise KeyboardInterrupt
            self.place += size
            return samples[self.place - size : self.place], False

    device = SimpleNamespace(InputStream=InputStream, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    dispatch([*STREAM, "--microphone"])
    heard = capsys.readouterr().out
    dispatch([*STREAM, "--input", str(file)])
    assert capsys.readouterr().out == heard != ""


def test_command_evaluate_draws_and_refuses(small_keywords, tmp_path, capsys):
    command = ["evaluate", "keywords", "--model", str(small_keywords)]
    picture = tmp_path / "words.png"
    dispatch([*command, "--plot", str(picture), "--split", "validation"])
    assert picture.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "| _silence_ |" in printed and "| the most frequent class |" in printed
    with pytest.raises(UserError, match="--sampling-rate 16000: this network reads 8000 Hz"):
        dispatch([*command, "--sampling-rate", "16000"])
    with pytest.raises(UserError, match="--plot is for clips"):
        dispatch([*command, "--stream", "--plot", str(picture)])


def test_evaluate_a_stream(recogniser, digits, small_keywords, tmp_path, capsys):
    report = evaluate(recogniser, digits, stream=True)
    scores = report["scores"]
    assert scores["words"] == len(digits) == 34 and scores["others"] == 0
    assert 34 * 0.9 / 3600 < scores["hours"] < 34 * 3.5 / 3600
    misses = [row["misses"] for row in scores["thresholds"]]
    assert misses[0] < 5 and misses[-1] == max(misses)
    assert report["baselines"] == {} and report["data"]["digest"].endswith("as a stream")
    command = ["evaluate", "keywords", "--model", str(small_keywords), "--stream"]
    dispatch([*command, "--split", "all", "--json", str(tmp_path / "scores.json")])
    assert "| threshold | false alarms an hour |" in capsys.readouterr().out
    stored = json.loads((tmp_path / "scores.json").read_text())
    assert stored["scores"]["words"] > 80 and stored["scores"]["between"].startswith("background noise")
