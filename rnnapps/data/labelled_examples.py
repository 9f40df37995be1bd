"""Examples of which each belongs to one of a few classes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class LabelledExamples:
    """Examples with their classes.

    Attributes:
        inputs: texts, or arrays such as the samples of clips.
        classes: int `(rows,)`; -1 for a row that only trains, on what `targets` says of it.
        labels: the names of the classes, sorted.
        targets: float32 `(rows, classes)`, each row a distribution.
    """

    inputs: Sequence[Any]
    classes: np.ndarray
    labels: tuple[str, ...]
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    @classmethod
    def of_classes(
        cls, inputs: Sequence[Any], classes: Sequence[int], labels: tuple[str, ...], **more: Any
    ) -> Self:
        """Examples each of which is of one class for certain."""
        numbers = np.asarray(classes, "int64").reshape(-1)
        return cls(inputs, numbers, labels, np.eye(len(labels), dtype="float32")[numbers], **more)

    def labelled(self) -> tuple[list[Any], np.ndarray]:
        """Inputs and classes of the rows that have a label."""
        rows = np.flatnonzero(self.classes >= 0)
        return [self.inputs[row] for row in rows.tolist()], self.classes[rows]

    def digest(self) -> str:
        """A fingerprint of inputs and classes, by which a bundle knows the rows it was scored on."""
        if all(isinstance(one, str) for one in self.inputs):
            return hashlib.sha256(
                "\0".join([*self.inputs, *map(str, self.classes)]).encode()
            ).hexdigest()
        digest = hashlib.sha256(self.classes.astype("int64").tobytes())
        for one in self.inputs:
            digest.update(np.ascontiguousarray(one).data)
        return digest.hexdigest()
