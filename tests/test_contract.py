"""The contract of an application: every one goes through the same steps.

It trains on a file and on examples in memory, writes a bundle that tells all about itself, loads it,
predicts, scores it again, starts from it, and is resumed after an interruption. What is special to an
application is tested in its own folder.
"""

import importlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas
import pytest
import soundfile
from conftest import with_training

import rnnapps
from rnnapps import bundle, bundle_versions
from rnnapps.applications import APPLICATIONS, class_of
from rnnapps.benchmark.prepared import prepare
from rnnapps.commands.main import dispatch
from rnnapps.data.tables import read_table
from rnnapps.errors import UserError
from rnnapps.training import fit
from rnnapps.training.identity import training_identity
from rnnapps.training.run import TrainingRun


class Trained(Exception):
    """Ends a training after its last epoch: what is scored and written then is tested elsewhere."""


@pytest.fixture(scope="module", params=APPLICATIONS)
def application(request):
    return request.param


@pytest.fixture(scope="module")
def path(application, small_bundles):
    return small_bundles(application)


@pytest.fixture(scope="module")
def config(application, small_configs):
    return small_configs(application)


@pytest.fixture(scope="module")
def predictor(path):
    return rnnapps.load(path)


def module(application, name):
    return importlib.import_module(f"rnnapps.{application}.{name}")


def test_a_path_is_data_too(config):
    given = replace(config.source, data=Path(config.source.data))
    assert given == config.source and isinstance(given.data, str)


def in_memory(application, config):
    """The examples of the small training's source as a user has them in memory."""
    source = Path(config.source.data)
    if application == "keywords":
        files = sorted(source.glob("[a-z]*/*"))
        return {
            "sound": [soundfile.read(file, dtype="float32")[0] for file in files],
            "word": np.array([file.parent.name for file in files]),
            "speaker": [file.name.partition("_nohash_")[0] for file in files],
        }
    if application == "handwriting":
        files = sorted(source.glob("*.png"))
        texts = [file.with_suffix(".gt.txt").read_text(encoding="utf-8") for file in files]
        return {"line": files, "text": texts}
    if application == "speech":
        tables = {}
        for row in read_table(source / "texts.csv"):
            table = tables.setdefault(row.fields["split"], {"sound": [], "text": []})
            table["sound"].append(soundfile.read(source / row.fields["file"], dtype="float32")[0])
            table["text"].append(row.fields["text"])
        return tables
    if application == "captioning":
        tables = {}
        for row in read_table(source / "captions.csv")[::2]:
            table = tables.setdefault(row.fields["split"], {"image": [], "caption": []})
            table["image"].append(source / row.fields["image"])
            caption = row.fields["caption"]
            table["caption"].append([caption, f"a picture of {caption}"])
        return tables
    rows = [row.fields for row in read_table(source)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def weights(model):
    """The weights that a bundle has: not the states that the training of a language model carries on."""
    return [weight.numpy() for weight in model.weights if not weight.name.startswith("state_")]


def stored_weights(model):
    """Those of a bundle that its training had: the linear part of a text classifier comes at the end."""
    later = ("linear", "linear_classes") if model.name == "sentiment" else ()
    return [array for layer in model.layers if layer.name not in later for array in layer.get_weights()]


def inputs(application, splits):
    """Raw inputs for a predictor, of the test split."""
    test = splits["test"]
    if application == "forecasting":
        (series,) = test.series_set.series
        columns = zip(test.series_set.targets, series.targets.T, strict=True)
        table = pandas.DataFrame({"time": series.times, **dict(columns)})
        return [table[:rows] for rows in (100, 200, 300, 400, 500)]
    if application in ("language_model", "chat"):
        return [text[:20] for text in test.texts[:5]]
    if application == "captioning":
        return [picture.pixels((64, 64)) for picture in test.pictures[:5]]
    return (test.scored[0] if application == "translation" else test.inputs)[:5]


@pytest.fixture(scope="module")
def splits(application, config):
    return module(application, "data").load(config)


def test_the_bundle_tells_all_about_itself(application, path, config, splits):
    settings = bundle.check(path, application)
    assert settings["bundle_version"] == bundle_versions.VERSION
    assert settings["application"] == application
    kept = bundle.read_config(path, type(config))
    assert kept == with_training(config, output=kept.training.output)
    metrics = bundle.read_json(path / "metrics.json")
    assert set(metrics) == {"scores", "baselines", "signature", "data", "training", "environment"}
    assert metrics["data"] == {
        "source": config.source.data,
        "split": "test",
        "digest": splits["test"].digest(),
    }
    assert metrics["training"]["seed"] == 1 and metrics["training"]["epochs"] == 2
    assert metrics["training"]["rows"] == len(splits["train"])
    assert metrics["environment"]["backend"].startswith("tensorflow")
    columns = module(application, "evaluate").COLUMNS
    for scores in (metrics["scores"], *metrics["baselines"].values()):
        assert scores["rows"] == metrics["scores"]["rows"] and set(columns) & set(scores)
    assert len(metrics["baselines"]) >= 2
    card = (path / "card.md").read_text(encoding="utf-8")
    assert f"rnnapps train {application} --data" in card and metrics["signature"] in card
    assert all(name in card for name in metrics["baselines"])
    pictures = list(path.glob("*.png"))
    assert (path / "learning_curve.png") in pictures
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in pictures)
    assert sum(file.stat().st_size for file in path.iterdir()) < 3e6


def test_a_step_learns_and_every_weight_moves(application, config):
    config = with_training(config, epochs=1)
    model, batches, validation = prepare(application, config)
    assert len(batches) > 1 and len(validation) >= 1
    batch = next(iter(batches.epoch(0)))
    before = [variable.numpy() for variable in model.trainable_variables]
    losses = [float(model.train_on_batch(*batch, return_dict=True)["loss"]) for _ in range(10)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    for old, variable in zip(before, model.trainable_variables, strict=True):
        assert (old != variable.numpy()).any(), variable.path


def test_examples_in_memory_are_those_of_the_file(application, config):
    """The same batches, so the same training."""

    def content(prepared):
        return training_identity(config, prepared.batches.arrays())["data content"]

    examples = in_memory(application, config)
    if application == "keywords":  # of which the noise is in files only
        config = replace(config, clips=replace(config.clips, silence_ratio=0))
    assert content(prepare(application, config, examples)) == content(prepare(application, config))
    with pytest.raises(UserError, match="expected columns by name"):
        prepare(application, config, [1, 2])


def test_one_input_and_many(application, predictor, splits):
    some = inputs(application, splits)
    many = predictor(list(some))
    one = predictor(some[1])
    assert len(many) == len(some) and type(one) is type(many[1])
    alone, together = one.to_dict(), many[1].to_dict()
    assert alone.keys() == together.keys() == json.loads(json.dumps(alone)).keys()
    assert isinstance(one.describe(), str) and isinstance(one.describe(0), str)
    assert predictor([]) == []


def test_an_answer_that_is_no_number_is_told(path, application, splits):
    damaged = rnnapps.load(path)
    damaged.model.set_weights([np.full_like(array, np.nan) for array in damaged.model.get_weights()])
    with pytest.raises(UserError, match="the network's answer is not a number: its weights are damaged"):
        damaged(inputs(application, splits)[0])


@pytest.mark.parametrize(
    "wrong",
    [None, 5, b"x", {"text": ["x"]}, {"x"}, [None], [5], [float("nan")], [b"x"], [["x"]], [{}]],
    ids=str,
)
def test_what_is_no_input_is_named(predictor, wrong):
    place = r"\w+ 1: " if isinstance(wrong, list) else r"\w+s: expected one, or a list of them, got a "
    with pytest.raises(UserError, match=f"^{place}"):
        predictor(wrong)


def test_columns_are_no_inputs(application, predictor):
    problem = "expected one, or a list of them, got a DataFrame"
    if application == "forecasting":  # to which a table is one
        problem = "no column of times"
    with pytest.raises(UserError, match=problem):
        predictor(pandas.DataFrame({"text": ["x"]}))


def test_evaluate_gives_the_scores_of_the_bundle(application, path, tmp_path, capsys):
    file = tmp_path / "scores.json"
    dispatch(["evaluate", application, "--model", str(path), "--json", str(file)])
    printed = capsys.readouterr().out
    again, stored = json.loads(file.read_text()), bundle.read_json(path / "metrics.json")
    assert set(again) == set(stored) and again["data"] == stored["data"]
    assert again["baselines"] == stored["baselines"] and again["signature"] == stored["signature"]
    for name in module(application, "evaluate").COLUMNS:
        if name != "unseen" and name in stored["scores"]:
            assert again["scores"][name] == pytest.approx(stored["scores"][name], abs=1e-5), name
    assert "| this network |" in printed and "(test)" in printed
    dispatch(["evaluate", application, "--model", str(path), "--split", "validation", "--json", "-"])
    validation = json.loads(capsys.readouterr().out)
    assert validation["data"]["split"] == "validation"
    assert validation["data"]["digest"] != stored["data"]["digest"]


def test_results_are_those_of_the_metrics(application, path, capsys):
    dispatch(["results", application, str(path)])
    header, _, ours, *baselines = capsys.readouterr().out.splitlines()
    metrics = bundle.read_json(path / "metrics.json")
    assert len(baselines) == len(metrics["baselines"])
    assert f"| {metrics['training']['parameters']:,} |" in ours and header.startswith("| model | data")


def test_a_training_starts_from_a_bundle(application, path, config, predictor):
    model = prepare(application, with_training(config, init_from=str(path))).model
    for one, other in zip(weights(model), stored_weights(predictor.model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_interrupted_training_ends_in_the_same_weights(
    application, path, config, tmp_path, monkeypatch
):
    train = module(application, "train").train
    config = with_training(config, checkpoint_every=3, output=str(tmp_path / "resumed"))
    step, left = fit._train_step, 9

    def stops(*arguments):
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(fit, "_train_step", stops)
    with pytest.raises(KeyboardInterrupt):
        train(config)
    monkeypatch.setattr(fit, "_train_step", step)
    assert (tmp_path / "resumed.training" / "checkpoint.npz").exists()
    whole = TrainingRun.fit

    def fit_alone(run, model, *batches):
        whole(run, model, *batches)
        raise Trained(weights(model))

    monkeypatch.setattr(TrainingRun, "fit", fit_alone)
    with pytest.raises(Trained) as resumed:
        train(with_training(config, resume=True))
    stored = stored_weights(bundle.load_model(path))
    for one, other in zip(stored, *resumed.value.args, strict=True):
        # The bundle may be of another process, whose tests before this one were others: equal but for
        # roundings. `tests/backends/test_resume.py` compares fresh processes, to the last bit.
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


def test_a_bundle_of_another_application_is_refused(application, small_bundles):
    other = "translation" if application == "sentiment" else "sentiment"
    with pytest.raises(
        UserError, match=f"a bundle of the application '{other}', expected {application}"
    ):
        class_of(application, "Predictor").load(small_bundles(other))


def test_the_training_script_is_a_command_too(application):
    command = [sys.executable, "-W", "error", "-m", f"rnnapps.{application}.train", "--help"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: rnnapps train {application} ")


def test_the_config_survives_its_own_values(config):
    from rnnapps.config import with_values

    assert with_values(type(config)(), json.loads(json.dumps(asdict(config)))) == config
