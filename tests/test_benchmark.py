"""The measurements run, and the input pipeline keeps up."""

import re

from conftest import run


def test_input_pipeline_feeds_five_times_what_training_takes(sentences_csv):
    flags = ("--data", sentences_csv, "--vocabulary", 600, "--max-length", 32)
    result = run("benchmark", "input", "sentiment", *flags)
    assert result.returncode == 0, result.stderr
    (times,) = re.findall(r"the pipeline makes ([\d.]+) times what training takes", result.stdout)
    assert float(times) >= 5


def test_loading_and_the_first_prediction_are_quick(small_bundle):
    result = run("benchmark", "predict", "sentiment", "--model", small_bundle)
    assert result.returncode == 0, result.stderr
    seconds = {
        name.strip(): float(value) / 1000
        for name, value in re.findall(r"^(.{40}) +([\d.]+) ms$", result.stdout, re.MULTILINE)
    }
    assert seconds["load the bundle"] + seconds["first prediction"] < (
        0.5 * seconds["import Keras and backend"] + 2
    )
    assert re.search(r"throughput +\d+ texts/s", result.stdout)
