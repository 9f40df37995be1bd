"""The command as a user types it."""

import shutil
import subprocess
import sys
import time

import pytest
from conftest import run

import rnnapps
from rnnapps.command_line import command, last_value, parse
from rnnapps.sentiment.config import ModelConfig, SentimentConfig
from rnnapps.training.config import TrainingConfig


def test_help_answers_in_half_a_second():
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        result = run("--help")
        seconds.append(time.perf_counter() - start)
        assert result.returncode == 0
    assert "train" in result.stdout and "sentiment" in result.stdout
    assert min(seconds) < 0.5  # the least: the machine may have other work


@pytest.mark.parametrize(
    "words", [("train", "sentiment"), ("predict", "sentiment"), ("evaluate", "sentiment")]
)
def test_help_of_commands_does_not_wait_for_keras(words):
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = run(*words, "--help")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 2  # Keras alone takes longer
    assert result.returncode == 0
    assert "--model" in result.stdout or "--units" in result.stdout


def test_modules_are_commands_and_functions_too():
    for module in ("train", "evaluate", "infer"):
        command = [sys.executable, "-W", "error", "-m", f"rnnapps.sentiment.{module}", "--help"]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("usage: rnnapps ")
    import rnnapps.sentiment.train

    assert callable(rnnapps.sentiment.train) and callable(rnnapps.sentiment.evaluate)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "error: no command 'fly': use one of train,"),
        (
            ["train"],
            "error: train: expected one of sentiment, translation, keywords, captioning, got nothing",
        ),
        (
            ["train", "poetry"],
            "error: train: expected one of sentiment, translation, keywords, captioning, got 'poetry'",
        ),
        (["train", "sentiment", "--units", "0"], "--units must be at least 1, got 0"),
        (["train", "sentiment", "--units", "many"], "--units"),
        (["train", "sentiment", "--cell", "qrnn"], "Expected one of ('lstm', 'gru', 'rnn',"),
        (["train", "sentiment", "--unit", "5"], "--units"),
        (["train", "sentiment", "--learning-rate", "-1"], "--learning-rate must be above 0"),
        (["train", "sentiment", "--seed", "-1"], "--seed must be at least 0"),
        (["train", "sentiment", "--embeddings", "a", "--init-from", "b"], "exclude each other"),
        (["predict", "sentiment", "-", "--file", "f"], "give either texts"),
        (["train", "sentiment", "--average", "1"], "--average must be at least 0 and below 1"),
        (["train", "sentiment", "--config"], "--config needs the name of a TOML file"),
        (["predict", "sentiment"], "give either texts"),
        (["predict", "sentiment", "text", "--file", "f"], "give either texts"),
        (["benchmark", "input"], "expected one of sentiment, translation, got nothing"),
        (["benchmark", "predict", "poetry"], "expected one of sentiment, translation, got 'poetry'"),
        (["list", "everything"], "list: expected nothing"),
    ],
)
def test_wrong_use_ends_with_status_2_and_a_message(words, message):
    result = run(*words)
    assert result.returncode == 2
    assert message in " ".join(result.stderr.split()).replace("│ ", "").replace(" │", "")
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback():
    result = run("fly", "--debug")
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_version_and_list(small_bundle, tmp_path):
    assert run("--version").stdout.strip() == rnnapps.__version__
    shutil.copytree(small_bundle, tmp_path / "saved_models" / "sentiment" / "mine")
    listed = subprocess.run(
        [sys.executable, "-m", "rnnapps", "list"], cwd=tmp_path, capture_output=True, text=True
    )
    assert listed.stdout.startswith("sentiment\n  sentiment/mine  0.")


def test_file_sets_flags_and_the_command_line_overrides_it(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(
        'seed = 5\n[model]\nunits = 16\ncell = "gru"\nresidual = true\n[text]\nlowercase = false\n'
    )
    config = parse(SentimentConfig, ["--config", str(file), "--units", "32"], "rnnapps train sentiment")
    assert config.model == ModelConfig(units=32, cell="gru", residual=True)
    assert config.training.seed == 5
    assert not config.text.lowercase


def test_unknown_name_in_a_file(tmp_path, capsys):
    file = tmp_path / "small.toml"
    file.write_text("unites = 16\n")
    with pytest.raises(SystemExit) as exit:
        parse(SentimentConfig, ["--config", str(file)], "rnnapps train sentiment")
    assert exit.value.code == 2
    assert "--unites" in capsys.readouterr().err


def test_the_last_value_of_a_flag_counts():
    assert last_value([], "--model") is None
    assert last_value(["--model"], "--model") is None
    assert last_value(["--model", "a", "--part", "all"], "--model") == "a"
    assert last_value(["--model", "a", "--model=b"], "--model") == "b"


def test_command_that_makes_a_config():
    config = SentimentConfig(
        model=ModelConfig(units=16, residual=True), training=TrainingConfig(output="my runs/a", seed=3)
    )
    words = command(config, "rnnapps train sentiment")
    assert words == "rnnapps train sentiment --units 16 --residual --output 'my runs/a' --seed 3"


def test_a_closed_pipe_is_no_error(small_bundle, tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("a fine film\n" * 3_000)
    shell = (
        f"{sys.executable} -m rnnapps predict sentiment --model {small_bundle} --file {lines} | head -1"
    )
    result = subprocess.run(shell, shell=True, capture_output=True, text=True, timeout=120)
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
