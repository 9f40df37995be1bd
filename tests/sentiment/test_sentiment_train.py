"""What is special to the training of a sentiment classifier; the rest is in tests/test_contract.py."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import with_training, write_csv

import rnnapps
from rnnapps.benchmark.prepared import prepare
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.errors import UserError


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


def test_pretrained_vectors(small_config, tmp_path):
    file = tmp_path / "vectors.txt"
    vector = np.linspace(-1, 1, 16)
    file.write_text("the " + " ".join(map(str, vector)) + "\n")
    config = replace(small_config, text=replace(small_config.text, embeddings=str(file)))
    prepared = prepare("sentiment", config)
    weights = prepared.model.get_layer("embedding").get_weights()[0]
    assert (np.abs(weights - vector).max(axis=1) < 1e-6).any()


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
