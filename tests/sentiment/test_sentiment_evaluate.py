import json

from conftest import run, write_csv


def evaluate(bundle, tmp_path, *flags):
    file = tmp_path / "scores.json"
    result = run("evaluate", "sentiment", "--model", bundle, "--json", file, *flags)
    assert result.returncode == 0, result.stderr
    return json.loads(file.read_text()), result.stdout


def test_other_rows_are_all_scored_beside_the_most_frequent_class(small_bundle, sentences, tmp_path):
    write_csv(tmp_path / "other.csv", sentences[:40])
    scores, printed = evaluate(small_bundle, tmp_path, "--data", tmp_path / "other.csv")
    assert scores["rows"] == 40
    assert scores["data"]["part"] == "all"
    share = sum(row["label"] == "positive" for row in sentences[:40]) / 40
    assert scores["baseline"]["accuracy"] == max(share, 1 - share)
    assert "the most frequent class of these rows" in printed


def test_flags_of_the_source_that_are_not_given_are_those_of_the_training(small_bundle, tmp_path):
    own, _ = evaluate(small_bundle, tmp_path)
    again, _ = evaluate(small_bundle, tmp_path, "--skip-bad-rows")
    assert again["data"] == own["data"]
    embedded, _ = evaluate(small_bundle, tmp_path, "--data", "embedded")
    assert embedded["rows"] == 3337


def test_a_config_file_may_name_the_bundle(small_bundle, tmp_path):
    (tmp_path / "a.toml").write_text(f'model = "{small_bundle}"\n')
    result = run("evaluate", "sentiment", "--config", tmp_path / "a.toml")
    assert result.returncode == 0, result.stderr
    assert "sentences.csv (test)" in result.stdout  # the source that this bundle was trained on


def test_a_chosen_part(small_bundle, tmp_path):
    scores, _ = evaluate(small_bundle, tmp_path, "--part", "valid")
    assert 40 < scores["rows"] < 110
