import json

import pytest
from conftest import write_csv

from rnnapps.commands.main import dispatch
from rnnapps.errors import UserError


@pytest.fixture
def evaluate(small_bundle, tmp_path, capsys):
    def run(*flags):
        dispatch(["evaluate", "sentiment", "--model", str(small_bundle), "--json", "-", *flags])
        return json.loads(capsys.readouterr().out)

    return run


def test_other_rows_are_all_scored_beside_the_most_frequent_class(evaluate, sentences, tmp_path):
    write_csv(tmp_path / "other.csv", sentences[:40])
    report = evaluate("--data", str(tmp_path / "other.csv"))
    assert report["scores"]["rows"] == 40
    assert report["data"]["split"] == "all"
    share = sum(row["label"] == "positive" for row in sentences[:40]) / 40
    ((name, baseline),) = report["baselines"].items()
    assert name == "the most frequent class"
    assert baseline["accuracy"] == max(share, 1 - share)


def test_flags_of_the_source_that_are_not_given_are_those_of_the_training(evaluate):
    own, again = evaluate(), evaluate("--skip-bad")
    assert again["data"] == own["data"]
    assert evaluate("--data", "embedded")["scores"]["rows"] == 3337


def test_a_config_file_may_name_the_bundle(small_bundle, tmp_path, capsys):
    (tmp_path / "a.toml").write_text(f'model = "{small_bundle}"\n')
    dispatch(["evaluate", "sentiment", "--config", str(tmp_path / "a.toml")])
    printed = capsys.readouterr().out
    assert "sentences.csv (test)" in printed  # the source that this bundle was trained on
    assert "Signature: `accuracy|" in printed


def test_a_plot_and_a_file_that_cannot_be_written(evaluate, tmp_path):
    evaluate("--plot", str(tmp_path / "confusion.png"))
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")
    for flag in ("--plot", "--json"):
        with pytest.raises(UserError, match="nowhere: cannot write there"):
            evaluate(flag, str(tmp_path / "nowhere" / "file"))


def test_a_split_without_examples(evaluate, sentences, tmp_path):
    write_csv(tmp_path / "few.csv", sentences[:2])
    with pytest.raises(UserError, match="its (train|test|validation) split has no examples"):
        for split in ("train", "test", "validation"):
            evaluate("--data", str(tmp_path / "few.csv"), "--split", split)
