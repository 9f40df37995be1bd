"""What is special to the training of a sentiment classifier; the rest is in tests/test_contract.py."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import with_training, write_csv

import rnnapps
from rnnapps import bundle
from rnnapps.benchmark.prepared import prepare
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.encoders.word_vectors import glove
from rnnapps.errors import UsageError, UserError
from rnnapps.sentiment import data
from rnnapps.sentiment.evaluate import evaluate
from rnnapps.sentiment.train import train


def test_start_from_a_bundle_with_other_classes(small_config, small_bundle, tmp_path, sentences, caplog):
    rows = [row | {"label": "abc"[i % 3]} for i, row in enumerate(sentences[:120])]
    write_csv(tmp_path / "abc.csv", rows)
    config = replace(small_config, source=TextSourceConfig(data=str(tmp_path / "abc.csv")))
    caplog.set_level("INFO")
    model = prepare("sentiment", with_training(config, init_from=str(small_bundle))).model
    assert "starting anew: classes" in caplog.text
    old = rnnapps.load(small_bundle)
    for name in ("embedding", "recurrent", "attention"):
        for one, other in zip(
            old.model.get_layer(name).get_weights(), model.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    assert model.output_shape == (None, 3)


def test_start_from_a_bundle_of_another_size(small_config, small_bundle):
    config = replace(small_config, model=replace(small_config.model, units=16))
    with pytest.raises(UserError, match="is missing or of another shape: give the flags of the network"):
        prepare("sentiment", with_training(config, init_from=str(small_bundle)))


def test_vectors_of_a_file(small_config, tmp_path, sentences):
    """The bundle has them in 8 bits, and another training can start from it."""
    file = tmp_path / "vectors.txt"
    vector = np.linspace(-1, 1, 16)
    file.write_text("the " + " ".join(map(str, vector)) + "\n")
    text = replace(small_config.text, tokens="words", embeddings=str(file))
    config = with_training(replace(small_config, text=text), epochs=1, output=str(tmp_path / "bundle"))
    weights = prepare("sentiment", config).model.get_layer("embedding").get_weights()[0]
    assert (np.abs(weights - vector).max(axis=1) < 1e-6).any()
    classify = rnnapps.load(train(config))
    kept, scales = classify.model.get_layer("embedding").get_weights()
    assert kept.dtype == "int8"
    report = evaluate(classify, data.load(config)["test"])
    assert report["scores"] == bundle.read_metrics(tmp_path / "bundle")["scores"]
    text = replace(text, embeddings=None)
    again = with_training(replace(config, text=text), init_from=str(tmp_path / "bundle"))
    weights = prepare("sentiment", again).model.get_layer("embedding").get_weights()[0]
    np.testing.assert_allclose(weights, kept / scales[:, None], rtol=1e-6)


@pytest.mark.parametrize("tokens", ["words", "subwords"])
def test_vectors_that_ship(small_config, tokens):
    text = replace(small_config.text, tokens=tokens, embeddings="glove")
    config = replace(small_config, text=text, model=replace(small_config.model, embedding_size=100))
    weights = prepare("sentiment", config).model.get_layer("embedding").get_weights()[0]
    vector = glove()["the"]
    assert (np.abs(weights - vector).max(axis=1) < 1e-6).any()
    assert (len(weights) >= 30_000) == (tokens == "words")
    with pytest.raises(UsageError, match="--embedding-size must be 100 with --embeddings glove, got 16"):
        replace(config, model=small_config.model)


def test_options_of_the_network_and_of_training(small_config):
    import keras

    model = replace(small_config.model, cell="gru", depth=2, residual=True, pooling="last")
    config = replace(small_config, model=model, class_weights=True)
    try:
        prepared = prepare("sentiment", with_training(config, precision="mixed_bfloat16"))
        batch = next(iter(prepared.batches.epoch(0)))
        assert len(batch) == 3  # with weights
        loss = prepared.model.train_on_batch(*batch, return_dict=True)["loss"]
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.isfinite(loss)


def test_the_linear_part_is_an_option(small_config, tmp_path, monkeypatch):
    """Its table stands in the bundle, and what is loaded answers as what was scored."""
    monkeypatch.setattr("rnnapps.training.linear_part.SHARES", (0.4,))
    for linear in (True, False):
        config = replace(small_config, model=replace(small_config.model, linear=linear))
        config = with_training(config, epochs=1, output=str(tmp_path / str(linear)))
        classify = rnnapps.load(train(config))
        assert ("linear" in [layer.name for layer in classify.model.layers]) == linear
        assert classify("a fine film", explain=True).words
        report = evaluate(classify, data.load(config)["test"])
        assert report["scores"] == bundle.read_metrics(tmp_path / str(linear))["scores"]
