"""What a training refuses before any work, and what it leaves as it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from conftest import with_training

import rnnapps
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.json_files import read_json
from rnnapps.sentiment.evaluate import table
from rnnapps.sentiment.train import train
from rnnapps.training.run import TrainingRun


def test_what_stands_is_not_overwritten_unasked(small_config, small_bundle):
    before = (small_bundle / "SHA256SUMS").read_bytes()
    with pytest.raises(UserError, match="exists: give another --output, or replace it with --overwrite"):
        train(with_training(small_config, output=str(small_bundle)))
    assert (small_bundle / "SHA256SUMS").read_bytes() == before


def test_resuming_a_finished_training_changes_nothing(small_config, small_bundle):
    before = (small_bundle / "model.keras").stat().st_mtime_ns
    assert not (small_bundle.parent / "small.training" / "checkpoint.npz").exists()
    with pytest.raises(UserError, match="small: exists"):
        train(with_training(small_config, output=str(small_bundle), resume=True))
    assert (small_bundle / "model.keras").stat().st_mtime_ns == before


def test_a_wrong_source_costs_no_checkpoint(small_config, tmp_path):
    (tmp_path / "out.training").mkdir()
    (tmp_path / "out.training" / "checkpoint.npz").write_bytes(b"hours of work")
    config = replace(small_config, source=TextSourceConfig(data="nowhere.csv"))
    with pytest.raises(UserError, match="nowhere.csv: no such file"):
        train(with_training(config, output=str(tmp_path / "out"), overwrite=True))
    assert (tmp_path / "out.training" / "checkpoint.npz").read_bytes() == b"hours of work"


def test_an_unfinished_training_is_not_dropped_unasked(small_config, tmp_path):
    (tmp_path / "out.training").mkdir()
    (tmp_path / "out.training" / "checkpoint.npz").write_bytes(b"hours of work")
    with pytest.raises(UserError, match="an unfinished training: continue it with --resume"):
        train(with_training(small_config, output=str(tmp_path / "out")))


def test_nothing_to_resume(small_config, tmp_path):
    with pytest.raises(UserError, match="never.training: nothing to resume"):
        train(with_training(small_config, output=str(tmp_path / "never"), resume=True))


def test_a_bundle_to_start_from_is_looked_for_first(small_config, tmp_path):
    config = with_training(small_config, output=str(tmp_path / "out"), init_from="nowhere")
    config = replace(config, source=TextSourceConfig(data="nowhere.csv"))
    with pytest.raises(UserError, match="nowhere: no such bundle"):
        train(config)


@pytest.mark.parametrize("output", ["", ".", "..", "/", "runs/..", "a\0b"])
def test_an_output_without_a_name(small_config, output):
    with pytest.raises(UsageError, match="--output must name a new folder, got "):
        train(with_training(small_config, output=output))


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_trainings_of_one_output(small_config, tmp_path, overwrite):
    config = with_training(small_config, output=str(tmp_path / "out"), overwrite=overwrite)
    first = TrainingRun("sentiment", config)
    with ThreadPoolExecutor(1) as thread:
        for others in (config, with_training(config, resume=True)):
            with pytest.raises(UserError, match="out: another training is writing there"):
                thread.submit(TrainingRun, "sentiment", others).result()
        first._lock.release()
        thread.submit(TrainingRun, "sentiment", config).result()


def test_a_split_without_examples_is_named(small_config, tmp_path):
    run = TrainingRun("sentiment", with_training(small_config, output=str(tmp_path / "out")))
    with pytest.raises(UserError, match="no texts are left for the validation split: more are needed"):
        run.begin({"train": ["a"], "validation": [], "test": ["b"]})


def trained(config, small_bundle):
    """A run of the small training on one row, which is in all splits, up to its end."""
    rows = ["a row"]
    run = TrainingRun("sentiment", config)
    run.begin({"train": rows, "validation": rows, "test": rows})
    old = read_json(small_bundle / "metrics.json")
    run.facts, run.environment, run.history = (
        old["training"],
        old["environment"],
        [{"epoch": 1, "loss": 1.0, "val_loss": 1.0}],
    )
    report = {name: old[name] for name in ("scores", "baselines", "signature")}
    report["data"] = {"digest": "x"}
    return run, report


def test_scores_of_what_chose_the_weights_are_named_so(small_config, small_bundle, tmp_path):
    """A source without a test part is scored on its validation part: card and metrics say it."""
    config = with_training(small_config, output=str(tmp_path / "out"))
    run, report = trained(config, small_bundle)
    predictor = rnnapps.load(small_bundle)
    path = run.finish(predictor, report, table, {}, title="", limits="", origin="")
    assert read_json(path / "metrics.json")["data"]["split"] == "validation"
    card = (path / "card.md").read_text(encoding="utf-8")
    assert "validation texts, which also chose these weights, as the source has no test part:" in card
    assert "which neither training nor that choice saw" in (small_bundle / "card.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("data", "is_told"), [("embedded", True), ("embedded:digits", True), ("embedded.csv", False)]
)
def test_the_card_tells_the_origin_of_embedded_data(small_config, small_bundle, tmp_path, data, is_told):
    config = with_training(small_config, output=str(tmp_path / "out"))
    run, report = trained(config, small_bundle)
    run.config = replace(run.config, source=replace(run.config.source, data=data))
    predictor = rnnapps.load(small_bundle)
    path = run.finish(predictor, report, table, {}, title="", limits="", origin="By X, CC BY 4.0.")
    assert ("By X, CC BY 4.0." in (path / "card.md").read_text(encoding="utf-8")) == is_told
