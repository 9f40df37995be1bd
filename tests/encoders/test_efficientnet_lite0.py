"""EfficientNet-Lite0 with the weights that ship computes what the original network does."""

import keras
import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image

from rnnapps.encoders import build, image_encoder, make
from rnnapps.encoders.efficientnet_lite0 import efficientnet_lite0
from rnnapps.errors import UserError

FOLDER = image_encoder.SHIPPED.parent
# Of the original network in PyTorch, in float32, on the middle of the photograph of a palace in China.
CHANNELS = (  # the first 16
    *(0.0337, 0.0000, 0.0000, 0.0000, 0.0106, 0.0000, 2.2249, 0.0197),
    *(0.0938, 0.1300, 0.2772, 0.0000, 3.0453, 0.2202, 0.0000, 0.0000),
)
ROWS = (0.1090, 0.1561, 0.2082, 0.2801, 0.2424, 0.2415, 0.1389)
COLUMNS = (0.2331, 0.2758, 0.3129, 0.2447, 0.1627, 0.0883, 0.0588)


def call(model, pixels):
    return keras.ops.convert_to_numpy(model(pixels, training=False))


@pytest.fixture(scope="module")
def encoder():
    return build("efficientnet_lite0")


@pytest.fixture(scope="module")
def pixels():
    """The middle of the photograph, `(1, 224, 224, 3)`."""
    return load_sample_image("china.jpg")[None, 101:325, 208:432].astype("float32")


@pytest.fixture(scope="module")
def features(encoder, pixels):
    return call(encoder, pixels)


def test_shapes(encoder, features):
    assert encoder.input_shape == (None, 224, 224, 3)
    assert encoder.output_shape == (None, 7, 7, 1280)
    assert features.shape == (1, 7, 7, 1280) and features.dtype == np.float32
    assert efficientnet_lite0(classes=10).output_shape == (None, 10)


def test_parameters_are_those_of_the_original():
    model = efficientnet_lite0(classes=1000)
    assert sum(np.prod(variable.shape) for variable in model.trainable_weights) == 4_652_008


def test_features_are_those_of_the_original(features):
    # Weights of 16 bits move a mean by up to 0.006 and 0.001.
    assert features.mean((0, 1, 2))[:16] == pytest.approx(CHANNELS, abs=0.02)
    assert features.mean((0, 2, 3)) == pytest.approx(ROWS, abs=0.003)
    assert features.mean((0, 1, 3)) == pytest.approx(COLUMNS, abs=0.003)


def test_features_depend_on_the_picture_and_not_on_its_batch(encoder, pixels, features):
    mirrored = pixels[:, :, ::-1]
    together = call(encoder, np.concatenate([mirrored, pixels]))
    assert together[1] == pytest.approx(features[0], abs=1e-3)
    # A network that was trained on pictures and their mirrored ones sees nearly the same, mirrored.
    direct, flipped = features.mean((1, 2))[0], together[0].mean((0, 1))
    assert 0.9 < np.corrcoef(direct, flipped)[0, 1] < 0.9999


def test_damaged_weights(tmp_path, monkeypatch):
    damaged = tmp_path / "efficientnet_lite0.npz"
    content = bytearray(image_encoder.SHIPPED.read_bytes())
    content[1_000_000] ^= 1
    damaged.write_bytes(content)
    monkeypatch.setattr(image_encoder, "SHIPPED", damaged)
    with pytest.raises(UserError, match="efficientnet_lite0.npz: damaged .*: install rnnapps again"):
        build("efficientnet_lite0")


def test_weights_are_small_and_have_their_licence():
    assert sum(file.stat().st_size for file in FOLDER.glob("efficientnet*")) < 6_500_000
    with np.load(image_encoder.SHIPPED, allow_pickle=False) as arrays:
        assert {array.dtype.name for array in arrays.values()} == {"float16"}
        names = [variable.path for variable in efficientnet_lite0().weights]
        assert arrays.files == names
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "ML Illustrated" in text and "END OF TERMS AND CONDITIONS" in text


class TestMake:
    """On a few tensors: the whole takes a download."""

    def test_layout_of_the_weights(self):
        state = {
            "_blocks.0._depthwise_conv.weight": torch.zeros(8, 1, 3, 5),
            "_conv_head.weight": torch.zeros(4, 2, 3, 5),
            "_bn1.running_var": torch.ones(4),
            "_bn1.num_batches_tracked": torch.tensor(7),
            "_fc.weight": torch.zeros(10, 4),
            "_fc.bias": torch.zeros(10),
        }
        shapes = [weight.shape for weight in make.convert(state)]
        assert shapes == [(3, 5, 8, 1), (3, 5, 2, 4), (4,), (4, 10), (10,)]

    def test_another_file_is_refused(self, tmp_path):
        file = tmp_path / "other.whl"
        file.write_bytes(b"other")
        with pytest.raises(ValueError, match="other.whl is not the wheel of efficientnet-lite0"):
            make.read_state(file)
