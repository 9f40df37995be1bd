"""What two runs must share for one to continue the other."""

import hashlib
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from rnnapps import backend
from rnnapps.config import flags

# Flags that do not change what is computed.
FREE = {"--output", "--overwrite", "--resume", "--checkpoint-every", "--download", "--quiet", "--note"}


def training_identity(config: Any, arrays: Iterable[np.ndarray]) -> dict[str, Any]:
    """Every flag of a config that shapes the result, a digest of the data, backend and version."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    shaping = {
        flag: list(value) if isinstance(value, tuple) else value  # as a checkpoint has it
        for flag, value in flags(config).items()
        if flag not in FREE
    }
    return shaping | {
        "data content": digest.hexdigest(),
        "backend": backend.describe()["backend"],
        "version of Keras": keras.__version__,
    }
