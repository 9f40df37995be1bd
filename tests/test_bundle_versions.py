"""Bundles of every earlier version load, and all that ship give what they gave when they were made."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from PIL import Image

import rnnapps
from rnnapps import bundle, bundle_versions, datasets
from rnnapps.data.pictures.emoji import read_emoji
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.data.sound.speech_source_config import SpeechSourceConfig
from rnnapps.data.sound.transcribed import read_transcribed
from rnnapps.errors import UserError
from rnnapps.sentiment import SentimentConfig

FIXTURES = Path(__file__).parent / "fixtures"
VERSION_1 = FIXTURES / "version-1"
SHIPPED = json.loads((FIXTURES / "predictions.json").read_text(encoding="utf-8"))
OLD = json.loads((VERSION_1 / "predictions.json").read_text(encoding="utf-8"))


OPTIONS = {  # with which nothing is drawn
    "language_model": {"score": True},
    "chat": {"temperature": 0},
}


def inputs(application, stored, name=""):
    """What the stored predictions were made of: they name texts, but no pictures, lines or clips."""
    if application == "captioning":
        return [
            picture.pixels((64, 64)) for _, picture in read_emoji(datasets.path("emoji"), "en")[::1000]
        ]
    if application == "keywords":
        clips = read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]
        return [clip.samples for clip in clips[::75]]
    if application == "handwriting":  # drawn once, as each version of FreeType draws a little otherwise
        return [np.asarray(Image.open(file)) for file in sorted(FIXTURES.glob("lines/*.png"))]
    if application == "speech":
        source = SpeechSourceConfig(data="embedded:digits")
        recordings = read_transcribed(source, datasets.path(""))["test"]
        return [recording.samples for recording in recordings[::100]]
    if application == "forecasting":
        table = pandas.read_csv(datasets.path(f"series/{name.partition('/')[2]}.csv.xz"))
        table = table[table["station"] == "JFK"] if "station" in table else table
        return [table[:rows] for rows in (100, 400)]
    key = {"translation": "source", "dna": "sequence"}.get(application, "text")
    return [one[key] for one in stored]


def same(found, stored):
    """Equal but for the last digits of numbers."""
    if isinstance(stored, float):
        return found == pytest.approx(stored, rel=1e-4, abs=1e-4)
    if isinstance(stored, dict):
        return found.keys() == stored.keys() and all(same(found[name], stored[name]) for name in stored)
    if isinstance(stored, list):
        return len(found) == len(stored) and all(map(same, found, stored))
    return found == stored


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_bundles_predict_what_they_did(name):
    stored = SHIPPED[name]
    predictor = rnnapps.load(bundle.find(name))
    options = OPTIONS.get(predictor.application, {})
    found = predictor(inputs(predictor.application, stored, name), **options)
    assert same([one.to_dict() for one in found], stored)


@pytest.mark.parametrize("application", OLD)
def test_bundles_of_version_1_predict_what_they_did(application):
    path = VERSION_1 / application
    assert bundle.read_json(path / "config.json")["bundle_version"] == 1
    predictor = rnnapps.load(path)
    found = predictor(inputs(application, OLD[application]))
    assert same([one.to_dict() for one in found], OLD[application])


@pytest.mark.parametrize("application", OLD)
def test_their_configs_and_metrics_are_those_of_today(application):
    path = VERSION_1 / application
    old = bundle.read_json(path / "config.json")["config"]
    config = rnnapps.load(path).config
    assert config.training.ema_momentum == old["training"]["average"]
    assert config.source.skip_bad == next(
        value for name, value in old["source"].items() if name.startswith("skip_bad")
    )
    metrics = bundle.read_metrics(path)
    assert set(metrics) == {"scores", "baselines", "signature", "data", "training", "environment"}
    assert metrics["data"]["split"] == "test" and len(metrics["data"]["digest"]) == 64
    assert metrics["training"]["rows"] > 20 and metrics["signature"]
    for scores in (metrics["scores"], *metrics["baselines"].values()):
        assert scores["rows"] > 5 and "signature" not in scores and "name" not in scores


def settings(**config):
    return {"application": "sentiment", "bundle_version": 1, "config": config}


def test_a_field_that_a_bundle_lacks_takes_its_default_or_what_stood_for_it():
    assert bundle_versions.upgrade_config(settings()) == {}
    keywords = settings() | {"application": "keywords"}
    assert bundle_versions.upgrade_config(keywords)["augmentation"]["recording_noise"] == 0
    keywords["bundle_version"] = 2
    assert bundle_versions.upgrade_config(keywords) == {}
    handwriting = settings() | {"application": "handwriting", "bundle_version": 2}
    assert bundle_versions.upgrade_config(handwriting) == {"lines": {"straighten": False}}
    handwriting["bundle_version"] = 3
    assert bundle_versions.upgrade_config(handwriting) == {}


def test_renamed_and_removed_fields_are_mapped(monkeypatch):
    changes = {2: {"model.size": "model.units"}, 3: {"model.units": "network.units", "old": None}}
    monkeypatch.setattr(bundle_versions, "RENAMED", changes)
    monkeypatch.setattr(bundle_versions, "VERSION", 3)
    upgraded = bundle_versions.upgrade_config(settings(model={"size": 5, "depth": 1}, old=True))
    assert upgraded == {"model": {"depth": 1}, "network": {"units": 5}}


def test_what_a_bundle_cannot_mean_is_one_line(tmp_path):
    def read(**config):
        (tmp_path / "config.json").write_text(json.dumps(settings(**config)))
        return bundle.read_config(tmp_path, SentimentConfig)

    assert read(model={"units": 3}).model.units == 3
    assert read(training={"learning_rate": 1}).training.learning_rate == 1
    for config, message in (
        ({"model": {"layers": 3}}, "'layers' is not known"),
        ({"network": {"a": 1}}, "'network' is not known"),
        ({"model": {"units": "3"}}, "'units' cannot be '3'"),
        ({"model": {"units": 2.5}}, "'units' cannot be 2.5"),
        ({"model": {"residual": 1}}, "'residual' cannot be 1"),
        ({"model": {"cell": "qrnn"}}, "'cell' cannot be 'qrnn'"),
        ({"model": 3}, "'model' cannot be 3"),
        ({"model": {"units": 0}}, "--units must be at least 1, got 0"),
    ):
        with pytest.raises(UserError, match=message) as error:
            read(**config)
        assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)
