"""Features of pictures on disk, so that an encoder sees each picture once."""

import io
from pathlib import Path

import numpy as np

from rnnapps.errors import UserError
from rnnapps.outputs import write


class FeatureCache:
    """Arrays by key, one file each: `FOLDER/ENCODER/KEY.npy`.

    A file is written whole or not at all; one that is damaged counts as missing.

    Args:
        folder: of all encoders.
        encoder: what tells the features of one encoder from those of another.
    """

    def __init__(self, folder: Path, encoder: str):
        self.folder = folder / encoder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{self.folder}: cannot be written ({error.strerror}): give another --feature-cache"
            ) from None

    def get(self, key: str) -> np.ndarray | None:
        """The array of a key, or None."""
        try:
            return np.load(self.folder / f"{key}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def put(self, key: str, array: np.ndarray) -> None:
        """Keep an array.

        Raises:
            UserError: it cannot be written, as where the disk is full.
        """
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        try:
            write(self.folder / f"{key}.npy", content.getvalue())
        except OSError as error:
            raise UserError(
                f"{self.folder}: cannot be written ({error.strerror}): give another --feature-cache"
            ) from None
