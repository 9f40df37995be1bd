"""Trainings of a few seconds on real clips, and what the bundle does with files and streams."""

import json
import logging
import sys
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from conftest import run, with_training

import rnnapps
from rnnapps import backend, bundle, cli, datasets
from rnnapps.data.sound.files import check_samples
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.errors import UsageError, UserError
from rnnapps.keywords import data, evaluate, infer, stream, train
from rnnapps.keywords.config import ClipConfig, KeywordsConfig, ModelConfig
from rnnapps.keywords.evaluate import evaluate_stream
from rnnapps.keywords.evaluate import main as evaluate_main
from rnnapps.keywords.train import make_model


@pytest.fixture(scope="module")
def recogniser(small_keywords):
    return rnnapps.load(small_keywords)


@pytest.fixture(scope="module")
def loaded(small_keywords_config):
    return data.load(small_keywords_config)


@pytest.fixture(scope="module")
def long_file(loaded, recogniser, tmp_path_factory):
    """A recording with six test words, 0.7 s of faint noise around each, and their places."""
    random, pieces, spoken = np.random.default_rng(0), [], []
    rows = np.flatnonzero(loaded.examples["test"].classes > 0)[:6]
    for row in rows:
        pieces.append(random.normal(scale=0.002, size=5600))
        spoken.append(recogniser.labels[loaded.examples["test"].classes[row]])
        pieces.append(loaded.examples["test"].clips[row])
    pieces.append(random.normal(scale=0.002, size=5600))
    file = tmp_path_factory.mktemp("long") / "long.flac"
    soundfile.write(file, np.concatenate(pieces).clip(-1, 1), 8000)
    return file, spoken


def test_bundle_tells_all_about_itself(small_keywords):
    config = bundle.check(small_keywords, "keywords")
    assert config["labels"] == ["_silence_", "five", "one", "two"]
    metrics = bundle.read_json(small_keywords / "metrics.json")
    assert metrics["rows"] == sum(map(sum, metrics["confusion_matrix"]))
    low, high = metrics["accuracy_interval"]
    assert metrics["accuracy"] > 0.6 and low < metrics["accuracy"] <= high
    assert "SVM with radial kernel" in metrics["baseline"]["name"]
    assert metrics["baseline"]["rows"] == metrics["rows"]
    card = (small_keywords / "card.md").read_text()
    assert "rnnapps train keywords --data" in card and "or `_silence_`" in card
    for name in ("learning_curve.png", "confusion_matrix.png", "det_curve.png"):
        assert (small_keywords / name).read_bytes().startswith(b"\x89PNG")
    assert sum(file.stat().st_size for file in small_keywords.iterdir()) < 3e6


def test_a_step_learns_and_every_weight_moves(small_keywords_config, loaded):
    model = make_model(with_training(small_keywords_config, epochs=1), loaded.labels, 1)
    batches, _ = data.make_batches(small_keywords_config, loaded)
    (x, y), *_ = batches.epoch(0)
    before = [variable.numpy() for variable in model.trainable_variables]
    losses = [model.train_on_batch(x, y)[0] for _ in range(8)]
    assert losses[-1] < losses[0]
    for old, variable in zip(before, model.trainable_variables, strict=True):
        assert (old != variable.numpy()).any(), variable.path


def test_an_interrupted_training_ends_in_the_same_weights(small_keywords_config, tmp_path, monkeypatch):
    from rnnapps.training import fit

    model = ModelConfig("gru", units=8)  # of which the compilation is short; with dropouts
    config = replace(small_keywords_config, model=model)
    config = with_training(config, epochs=2, checkpoint_every=3)
    whole = train(with_training(config, output=str(tmp_path / "whole")))
    step, left = fit._train_step, 8

    def stops(*arguments):
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return step(*arguments)

    config = with_training(config, output=str(tmp_path / "resumed"))
    monkeypatch.setattr(fit, "_train_step", stops)
    with pytest.raises(KeyboardInterrupt):
        train(config)
    monkeypatch.setattr(fit, "_train_step", step)
    resumed = train(with_training(config, resume=True))
    for one, other in zip(
        bundle.load_model(whole).get_weights(), bundle.load_model(resumed).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_start_from_a_bundle_with_other_classes(small_keywords_config, small_keywords, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    config = replace(small_keywords_config, clips=ClipConfig(seconds=0.5, words="one"))
    path = train(
        with_training(
            config,
            init_from=str(small_keywords),
            epochs=1,
            learning_rate=1e-8,
            output=str(tmp_path / "one"),
        )
    )
    assert "it has other classes: the last layer starts anew" in caplog.text
    old, new = rnnapps.load(small_keywords).model, rnnapps.load(path).model
    for name in ("normalisation", "convolution_1", "recurrent"):
        for one, other in zip(
            old.get_layer(name).get_weights(), new.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_one_clip_and_many(recogniser, loaded):
    clips = loaded.examples["test"].clips
    many = recogniser(clips)
    one = recogniser(clips[3])
    assert one.word == many[3].word
    assert one.probabilities == pytest.approx(many[3].probabilities, abs=1e-5)
    assert set(one.to_dict()) == {"clip", "word", "probabilities", "cut"}
    assert [p.cut for p in many] == [len(clip) > 4000 for clip in clips]
    np.testing.assert_allclose(
        recogniser.probabilities(clips), [list(p.probabilities.values()) for p in many], atol=1e-6
    )
    assert recogniser.probabilities([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "clip 1: shape"),
        (np.zeros(100, "int16"), "clip 1: int16: expected floats"),
        (np.full(100, np.nan), "clip 1: samples are NaN"),
    ],
)
def test_samples_that_are_refused(recogniser, samples, message):
    with pytest.raises(UserError, match=message):
        recogniser(samples)


def test_command_predict(small_keywords, words_folder, tmp_path, capsys, caplog):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "stereo.flac", np.random.default_rng(0).random((44_100, 2)) - 0.5, 44_100)
    command = ["--model", str(small_keywords), str(tmp_path / "bad.wav"), str(words_folder / "one")]
    command += [str(tmp_path / "stereo.flac"), str(tmp_path / "nowhere.wav"), "--json"]
    with pytest.raises(UserError, match="2 of 33 files could not be read"):
        infer.main(command)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 31
    assert lines[-1]["clip"].endswith("stereo.flac") and lines[-1]["cut"]
    assert sum(line["word"] == "one" for line in lines[:30]) > 15
    assert "bad.wav: not a readable sound file" in caplog.text
    assert "nowhere.wav: no such file" in caplog.text
    (file, *_) = sorted((words_folder / "two").iterdir())
    infer.main(["--model", str(small_keywords), str(file)])
    word, probability, name = capsys.readouterr().out.split()
    assert word in ("five", "one", "two", "_silence_") and 0 < float(probability) <= 1
    assert name == str(file)


def test_command_predict_without_sound(small_keywords, tmp_path):
    result = run("predict", "keywords", "--model", small_keywords, tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"error: {tmp_path}: no sound files in it (.wav, .flac, .ogg, .mp3)\n"


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
    recogniser = infer.KeywordRecogniser(model, config, [str(number) for number in range(10)])
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
        np.testing.assert_allclose(answers[-1][1], stream.softmax(whole), atol=1e-4)


def test_the_trained_network_streams_each_test_clip(recogniser, loaded):
    heard = recogniser.stream()
    examples = loaded.examples["test"]
    clips = [check_samples(clip, "") for clip in examples.clips[:8]]
    x = np.stack([np.resize(clip, 4000) for clip in clips])
    whole = recogniser.model.predict_on_batch(x)
    for row, logits in zip(x, whole, strict=True):
        heard.reset()
        heard.push(row)
        np.testing.assert_allclose(heard.logits, logits, atol=1e-4)


def test_a_network_of_both_directions_does_not_stream():
    from rnnapps.keywords.model import build

    config = KeywordsConfig(model=ModelConfig("att_rnn", units=4, filters=2))
    model = build(config.model, 8000, 1.0, 2)
    recogniser = infer.KeywordRecogniser(model, config, ["no", "yes"])
    assert recogniser(np.zeros(8000)).word in ("no", "yes")
    with pytest.raises(
        UserError, match="cannot stream: train one with --architecture crnn, gru or lstm"
    ):
        recogniser.stream()


def test_command_stream(small_keywords, long_file, tmp_path, capsys):
    file, spoken = long_file
    command = ["--model", str(small_keywords), "--input", str(file), "--threshold", "0.5"]
    stream.main([*command, "--timeline", str(tmp_path / "stream.png")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert (tmp_path / "stream.png").read_bytes().startswith(b"\x89PNG")
    assert lines, "nothing was detected"
    assert {word for _, word, _ in lines} <= {"five", "one", "two"}
    assert sum(word in spoken for _, word, _ in lines) >= 2
    times = [float(time) for time, _, _ in lines]
    assert times == sorted(times)
    assert all(later - one >= 0.59 for one, later in pairwise(times))
    stream.main([*command, "--json"])
    words = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [word["word"] for word in words] == [word for _, word, _ in lines]


def test_what_a_stream_refuses(small_keywords, recogniser, tmp_path, monkeypatch):
    command = ["--model", str(small_keywords)]
    for arguments in ([], ["--microphone", "--input", "a.wav"]):
        with pytest.raises(UsageError, match="give either --input FILE or --microphone"):
            stream.main(command + arguments)
    with pytest.raises(UserError, match="nowhere.wav: no such file"):
        stream.main([*command, "--input", str(tmp_path / "nowhere.wav")])
    with pytest.raises(UsageError, match="expected keywords, got 'sentiment'"):
        cli.dispatch(["stream", "sentiment"])
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UserError, match=r"--microphone needs sounddevice: pip install rnnapps\[audio\]"):
        stream.main([*command, "--microphone"])
    with pytest.raises(UserError, match="stream: samples are NaN"):
        recogniser.stream().push(np.array([np.inf]))


def test_the_microphone(small_keywords, long_file, capsys, monkeypatch):
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
    command = ["--model", str(small_keywords), "--threshold", "0.5"]
    stream.main([*command, "--microphone"])
    heard = capsys.readouterr().out
    stream.main([*command, "--input", str(file)])
    assert capsys.readouterr().out == heard != ""


def test_command_evaluate(small_keywords, tmp_path, capsys):
    stored = bundle.read_json(small_keywords / "metrics.json")
    command = ["--model", str(small_keywords), "--json", str(tmp_path / "scores.json")]
    evaluate_main([*command, "--plots", str(tmp_path / "plots")])
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["confusion_matrix"] == stored["confusion_matrix"]
    assert scores["baseline"] == stored["baseline"]
    assert {file.name for file in (tmp_path / "plots").iterdir()} == {
        "confusion_matrix.png",
        "det_curve.png",
    }
    assert "| _silence_ |" in capsys.readouterr().out
    evaluate_main([*command, "--part", "valid"])
    valid = json.loads((tmp_path / "scores.json").read_text())
    assert valid["baseline"]["name"] == "the most frequent word of these clips"
    with pytest.raises(UserError, match="this network reads 8000 Hz"):
        evaluate_main([*command, "--sampling-rate", "16000"])


def test_command_evaluate_stream(small_keywords, recogniser, loaded, tmp_path, capsys):
    evaluate_main(["--model", str(small_keywords), "--stream", "--json", str(tmp_path / "scores.json")])
    report = json.loads((tmp_path / "scores.json").read_text())
    assert "| threshold | false alarms an hour |" in capsys.readouterr().out
    words = int((loaded.examples["test"].classes > 0).sum())
    assert report["words"] == words and report["others"] == 0
    assert words * 0.9 / 3600 < report["hours"] < words * 3.5 / 3600
    misses = [row["misses"] for row in report["thresholds"]]
    assert misses == sorted(misses)
    again = evaluate_stream(recogniser, loaded)
    assert again["thresholds"] == report["thresholds"]
    with pytest.raises(UserError, match="--stream takes one part"):
        evaluate_main(["--model", str(small_keywords), "--stream", "--part", "all"])


def test_evaluate_gives_the_scores_of_the_bundle(recogniser, loaded, small_keywords):
    stored = bundle.read_json(small_keywords / "metrics.json")
    report = evaluate(recogniser, loaded.examples["test"])
    assert report["accuracy"] == stored["accuracy"]
    assert report["baseline"]["accuracy"] < 1
