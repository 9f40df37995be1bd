"""The command as a user types it."""

import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import run

import rnnapps
from rnnapps import command_line
from rnnapps.applications import APPLICATIONS
from rnnapps.command_line import last_value, parse
from rnnapps.commands.main import MODULES, dispatch
from rnnapps.config import command
from rnnapps.errors import UsageError
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


def test_help_of_commands_does_not_wait_for_keras():
    """Of every command of every application, in one process that has not loaded Keras after it."""
    program = """
import contextlib, io, sys
from rnnapps.applications import with_module
from rnnapps.commands.main import MODULES, dispatch
for command, module in MODULES.items():
    for application in with_module(module):
        with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.suppress(SystemExit):
            dispatch([command, application, "--help"])
        assert "usage: rnnapps" in text.getvalue(), (command, application)
assert not {"keras", "tensorflow"} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_an_application_has_the_commands_of_its_modules():
    for word, module in MODULES.items():
        for application in APPLICATIONS:
            file = Path(rnnapps.__file__).parent / application / f"{module}.py"
            if not file.exists():
                with pytest.raises(UsageError, match=f"{word}: expected .*, got '{application}'"):
                    dispatch([word, application])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fly"], "error: no command 'fly': use one of list, train,"),
        (
            ["train"],
            f"error: train: expected one of {', '.join(APPLICATIONS)}, got nothing",
        ),
        (
            ["train", "poetry"],
            f"error: train: expected one of {', '.join(APPLICATIONS)}, got 'poetry'",
        ),
        (["train", "sentiment", "--units", "0"], "--units must be at least 1, got 0"),
        (["train", "sentiment", "--units", "many"], "--units"),
        (["train", "sentiment", "--cell", "qrnn"], "Expected one of ('lstm', 'gru', 'rnn',"),
        (["train", "sentiment", "--unit", "5"], "--units"),
        (["train", "sentiment", "--learning-rate", "-1"], "--learning-rate must be above 0"),
        (["train", "sentiment", "--seed", "-1"], "--seed must be at least 0"),
        (["train", "sentiment", "--embeddings", "a", "--init-from", "b"], "exclude each other"),
        (["predict", "sentiment", "-", "--file", "f"], "give either texts"),
        (["train", "sentiment", "--ema-momentum", "1"], "--ema-momentum must be at least 0 and below 1"),
        (["train", "sentiment", "--config"], "--config needs the name of a TOML file"),
        (["predict", "sentiment"], "give either texts"),
        (["predict", "sentiment", "text", "--file", "f"], "give either texts"),
        (["benchmark", "input"], "expected one of sentiment, translation, got nothing"),
        (["benchmark", "predict", "poetry"], "expected one of sentiment, translation, got 'poetry'"),
        (["list", "everything"], "list: expected nothing"),
    ],
)
def test_wrong_use_ends_with_status_2_and_a_message(words, message, capsys):
    with pytest.raises(SystemExit) as exit:
        command_line.run(dispatch, words)
    error = capsys.readouterr().err
    assert exit.value.code == 2
    assert message in " ".join(error.split()).replace("│ ", "").replace(" │", "")
    assert "Traceback" not in error


def test_debug_shows_the_traceback():
    result = run("fly", "--debug")
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_version_and_list(small_bundle, tmp_path, monkeypatch, capsys):
    dispatch(["--version"])
    assert capsys.readouterr().out.strip() == rnnapps.__version__
    shutil.copytree(small_bundle, tmp_path / "saved_models" / "sentiment" / "mine")
    monkeypatch.chdir(tmp_path)
    dispatch(["list"])
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "sentiment: which of a few classes a text belongs to"
    assert re.match(r"  sentiment/mine  [01]\.\d MB  ", second)


def test_file_sets_flags_and_the_command_line_overrides_it(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(
        'seed = 5\n[model]\nunits = 16\ncell = "gru"\nresidual = true\n[text]\nlowercase = false\n'
    )
    config = parse(SentimentConfig, ["--config", str(file), "--units", "32"], "rnnapps train sentiment")
    assert config.model == ModelConfig(units=32, cell="gru", residual=True)
    assert config.training.seed == 5
    assert not config.text.lowercase


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_an_editor_of_windows(tmp_path, encoding):
    file = tmp_path / "small.toml"
    file.write_bytes('units = 8\r\noutput = "--ça-"\r\nseed = 3\r\n'.encode(encoding))
    config = parse(SentimentConfig, ["--config", str(file)], "rnnapps train sentiment")
    assert (config.model.units, config.training.output, config.training.seed) == (8, "--ça-", 3)
    again = shlex.split(command(config, ""))  # as a card has it
    assert parse(SentimentConfig, again, "") == config


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
