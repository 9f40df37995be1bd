"""Weights in float16 take half the space, and are the same numbers again."""

import keras
import numpy as np
import pytest
from conftest import with_training

import rnnapps
from rnnapps import bundle
from rnnapps.bundle_files import MODEL
from rnnapps.dna import data
from rnnapps.dna.evaluate import evaluate
from rnnapps.dna.train import train
from rnnapps.half_weights import round_weights


@pytest.fixture
def network():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(200), keras.layers.Dense(2)])
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=array.shape) for array in model.get_weights()])
    return model


def test_rounded_weights_take_half_the_space(network, tmp_path):
    bundle.save_model(network, tmp_path)
    whole = (tmp_path / MODEL).stat().st_size
    for one, other in zip(bundle.load_model(tmp_path).get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # nothing is lost that was not rounded
    round_weights(network)
    bundle.save_model(network, tmp_path)
    saved = whole - (tmp_path / MODEL).stat().st_size
    assert saved == pytest.approx(2 * network.count_params(), rel=0.02)
    # Keras alone reads them too, and without it any reader of HDF5.
    for again in (bundle.load_model(tmp_path), keras.saving.load_model(tmp_path / MODEL)):
        for one, other in zip(again.get_weights(), network.get_weights(), strict=True):
            assert one.dtype == "float32"
            np.testing.assert_array_equal(one, other)


def test_numbers_beyond_float16_stay(network, tmp_path):
    kernel, *others = network.get_weights()
    kernel[0, 0] = 1e6
    network.set_weights([kernel, *others])
    round_weights(network)
    bundle.save_model(network, tmp_path)
    np.testing.assert_array_equal(bundle.load_model(tmp_path).get_weights()[0], kernel)


def test_the_scores_are_those_of_the_rounded_weights(small_configs, tmp_path):
    config = with_training(small_configs("dna"), epochs=1, stored_weights="float16")
    path = train(with_training(config, output=str(tmp_path / "out")))
    predictor = rnnapps.load(path)
    for array in predictor.model.get_weights():
        np.testing.assert_array_equal(array, array.astype("float16"))
    report = evaluate(predictor, data.load(config)["test"])
    assert report["scores"] == bundle.read_metrics(path)["scores"]
