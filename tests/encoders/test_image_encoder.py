"""An encoder by its name, with weights of any origin."""

import keras
import numpy as np
import pytest

from rnnapps.encoders import build
from rnnapps.errors import UsageError, UserError


def call(model, pixels):
    return keras.ops.convert_to_numpy(model(pixels, training=False))


@pytest.fixture
def pixels():
    """Noise of 64 x 64 pixels."""
    return np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")


def test_small_cnn(pixels):
    encoder = build("small_cnn")
    assert encoder.input_shape == (None, 64, 64, 3)
    features = call(encoder, pixels)
    assert features.shape == (2, 8, 8, 128)
    assert np.isfinite(features).all() and features.std() > 0


def test_a_class_of_keras_applications():
    encoder = build("MobileNetV2", weights=None)
    assert encoder.input_shape == (None, 224, 224, 3)
    assert encoder.output_shape == (None, 7, 7, 1280)


def test_it_takes_the_weights_of_the_plain_model_and_pixels(tmp_path):
    plain = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3))
    plain.save_weights(tmp_path / "plain.weights.h5")
    encoder = build("MobileNetV2", weights=str(tmp_path / "plain.weights.h5"))
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype("float32")
    expected = call(plain, pixels / 127.5 - 1)
    alike = {"abs": 1e-3 * float(expected.max())}  # random weights give very small features
    assert call(encoder, pixels) == pytest.approx(expected, **alike)

    encoder.save(tmp_path / "encoder.keras")  # with the normalisation of the pixels
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    assert call(loaded, pixels) == pytest.approx(expected, **alike)


def test_weights_of_a_file(tmp_path, pixels):
    file = tmp_path / "small.weights.h5"
    first = build("small_cnn")
    first.save_weights(file)
    second = build("small_cnn", weights=file)
    assert call(second, pixels) == pytest.approx(call(first, pixels))


def test_unknown_name():
    with pytest.raises(
        UsageError,
        match="--encoder must be efficientnet_lite0, small_cnn or .*MobileNetV2.*, got AlexNet$",
    ):
        build("AlexNet")


@pytest.mark.parametrize("name", ["MobileNetV2", "small_cnn"])
def test_no_weights_file(tmp_path, name):
    file = tmp_path / "none.weights.h5"
    with pytest.raises(UserError, match=f"none.weights.h5: not weights of {name} .*--encoder-weights"):
        build(name, weights=file)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras", ".npz"])
def test_a_file_of_something_else(tmp_path, suffix):
    file = tmp_path / f"other{suffix}"
    file.write_bytes(b"other")
    with pytest.raises(UserError, match=f"other{suffix}: not weights of small_cnn"):
        build("small_cnn", weights=file)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_weights_of_another_network(tmp_path, suffix):
    file = tmp_path / f"other{suffix}"
    other = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(8, 3)])
    other.save_weights(file) if suffix == ".weights.h5" else other.save(file)
    with pytest.raises(UserError, match=f"other{suffix}: not weights of small_cnn"):
        build("small_cnn", weights=file)


def test_a_network_that_the_backend_cannot_run(monkeypatch):
    def refuse(**arguments):
        raise ValueError("NASNetMobile is not available with the torch backend")

    refuse.__module__ = keras.applications.NASNetMobile.__module__
    monkeypatch.setattr(keras.applications, "NASNetMobile", refuse)
    with pytest.raises(UserError, match="^--encoder NASNetMobile: NASNetMobile is not available with"):
        build("NASNetMobile")


def test_imagenet_weights_without_a_network(monkeypatch):
    url = "https://storage.googleapis.com/tensorflow/keras-applications/weights.h5"

    def unreachable(*args, **kwargs):
        raise Exception(f"URL fetch failure on {url}: None -- [Errno -3] name resolution")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", unreachable)
    with pytest.raises(UserError, match=f"MobileNetV2: its .* fetched .*{url}.*--encoder-weights"):
        build("MobileNetV2")
