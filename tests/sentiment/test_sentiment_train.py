"""Trainings of a few seconds on real sentences."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import with_training, write_csv

import rnnapps
from rnnapps import bundle
from rnnapps.data.text.source_config import SourceConfig
from rnnapps.errors import UserError
from rnnapps.sentiment import train


def test_bundle_tells_all_about_itself(small_bundle):
    config = bundle.check(small_bundle, "sentiment")
    assert config["labels"] == ["negative", "positive"]
    assert config["config"]["model"]["units"] == 8
    metrics = bundle.read_json(small_bundle / "metrics.json")
    assert metrics["rows"] == sum(map(sum, metrics["confusion_matrix"]))
    assert {"accuracy", "accuracy_interval", "macro_f1", "calibration_error"} <= set(metrics["baseline"])
    assert metrics["training"]["seed"] == 1
    assert metrics["environment"]["backend"].startswith("tensorflow")
    card = (small_bundle / "card.md").read_text()
    assert "rnnapps train sentiment --data" in card and "--units 8" in card
    for name in ("learning_curve.png", "confusion_matrix.png"):
        assert (small_bundle / name).read_bytes().startswith(b"\x89PNG")


def test_what_stands_is_not_overwritten_unasked(small_config, small_bundle):
    before = (small_bundle / "SHA256SUMS").read_bytes()
    with pytest.raises(UserError, match="exists: give another --output, or replace it with --overwrite"):
        train(small_config)
    assert (small_bundle / "SHA256SUMS").read_bytes() == before


def test_resuming_a_finished_training_changes_nothing(small_config, tmp_path):
    config = with_training(small_config, output=str(tmp_path / "out"), epochs=1)
    path = train(config)
    before = (path / "model.keras").stat().st_mtime_ns
    assert not (tmp_path / "out.training" / "checkpoint.npz").exists()
    with pytest.raises(UserError, match="out: exists"):
        train(with_training(config, resume=True))
    assert (path / "model.keras").stat().st_mtime_ns == before


def test_a_wrong_source_costs_no_checkpoint(small_config, tmp_path):
    (tmp_path / "out.training").mkdir()
    (tmp_path / "out.training" / "checkpoint.npz").write_bytes(b"hours of work")
    config = replace(small_config, source=SourceConfig(data="nowhere.csv"))
    with pytest.raises(UserError, match="nowhere.csv: no such file"):
        train(with_training(config, output=str(tmp_path / "out"), overwrite=True))
    assert (tmp_path / "out.training" / "checkpoint.npz").read_bytes() == b"hours of work"


def test_nothing_to_resume(small_config, tmp_path):
    with pytest.raises(UserError, match="never.training: nothing to resume"):
        train(with_training(small_config, output=str(tmp_path / "never"), resume=True))


def test_start_from_a_bundle_with_other_classes(small_config, small_bundle, tmp_path, sentences, caplog):
    rows = [row | {"label": "abc"[i % 3]} for i, row in enumerate(sentences[:120])]
    write_csv(tmp_path / "abc.csv", rows)
    config = replace(small_config, source=SourceConfig(data=str(tmp_path / "abc.csv")))
    options = {"epochs": 1, "learning_rate": 1e-8, "output": str(tmp_path / "abc")}
    caplog.set_level("INFO")
    path = train(with_training(config, init_from=str(small_bundle), **options))
    assert "it has other classes: the last layer starts anew" in caplog.text
    assert (path / "tokenizer.json").read_bytes() == (small_bundle / "tokenizer.json").read_bytes()
    old, new = rnnapps.load(small_bundle).model, rnnapps.load(path).model
    np.testing.assert_allclose(
        new.get_layer("embedding").get_weights()[0],
        old.get_layer("embedding").get_weights()[0],
        atol=1e-5,
    )
    assert rnnapps.load(path).labels == ("a", "b", "c")


def test_start_from_a_bundle_of_another_size(small_config, small_bundle, tmp_path):
    config = replace(small_config, model=replace(small_config.model, units=16))
    with pytest.raises(UserError, match="is missing or of another shape: give the flags of the network"):
        train(with_training(config, init_from=str(small_bundle), output=str(tmp_path / "other")))


def test_pretrained_vectors(small_config, tmp_path):
    file = tmp_path / "vectors.txt"
    vector = np.linspace(-1, 1, 16)
    file.write_text("the " + " ".join(map(str, vector)) + "\n")
    config = replace(small_config, text=replace(small_config.text, embeddings=str(file)))
    config = with_training(config, epochs=1, learning_rate=1e-8, output=str(tmp_path / "vectors"))
    predictor = rnnapps.load(train(config))
    ids, _, _ = predictor.encoder.encode_text("the")
    weights = predictor.model.get_layer("embedding").get_weights()[0]
    np.testing.assert_allclose(weights[ids[0]], vector, atol=1e-5)


def test_options_of_the_network_and_of_training(small_config, tmp_path):
    model = replace(small_config.model, cell="gru", depth=2, residual=True, pooling="last")
    config = replace(small_config, model=model, class_weights=True)
    config = with_training(config, epochs=1, precision="mixed_bfloat16", output=str(tmp_path / "gru"))
    try:
        metrics = json.loads((train(config) / "metrics.json").read_text())
    finally:
        import keras

        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(metrics["calibration_error"])
