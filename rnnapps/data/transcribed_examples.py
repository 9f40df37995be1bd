"""Lines or recordings with their texts."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TranscribedExamples:
    """What is to be read or heard, with its texts, and the writers, documents or speakers of these."""

    inputs: list[np.ndarray]
    texts: list[str]
    groups: list[str]
    where: list[str]

    def __len__(self) -> int:
        return len(self.inputs)

    def digest(self) -> str:
        """A fingerprint of inputs and texts, by which a bundle knows the rows it was scored on."""
        digest = hashlib.sha256("\0".join([*self.texts, *self.groups]).encode())
        for one in self.inputs:
            digest.update(np.ascontiguousarray(one).data)
        return digest.hexdigest()
