"""The pretrained word vectors that come with rnnapps."""

import hashlib
import io
from pathlib import Path

import numpy as np

from rnnapps.errors import UserError

GLOVE = Path(__file__).parent / "weights" / "glove.npz"
GLOVE_SHA256 = "5efee6769eafc5da42ee217ea165029a9e10b504beb90c30cae2522fd53b51ff"


def glove() -> dict[str, np.ndarray]:
    """GloVe (Pennington et al. 2014) of English words, in the order of how often they are written.

    Returns:
        The vectors, float32 `(100,)`, of lower-case words and marks of punctuation.

    Raises:
        UserError: the file is damaged.
    """
    content = GLOVE.read_bytes()
    if hashlib.sha256(content).hexdigest() != GLOVE_SHA256:
        raise UserError(f"{GLOVE}: damaged (its SHA-256 differs): install rnnapps again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        words = arrays["words"].tobytes().decode("utf-8").split("\n")
        vectors = arrays["values"] * arrays["scales"].astype("float32")[:, None]
    return dict(zip(words, vectors, strict=True))
