import errno
from pathlib import Path

import numpy as np
import pytest

from rnnapps.errors import UserError
from rnnapps.training import checkpoint

ARRAYS = {"model/0": np.arange(6, dtype="float32").reshape(2, 3), "model/1": np.uint32([1, 2])}


def test_round_trip(tmp_path):
    file = tmp_path / "checkpoint.npz"
    checkpoint.write(file, ARRAYS, {"epoch": 3, "best": float("-inf")})
    arrays, facts = checkpoint.read(file)
    assert facts == {"epoch": 3, "best": float("-inf")}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_a_full_disk_leaves_the_old_one(tmp_path, monkeypatch):
    file = tmp_path / "checkpoint.npz"
    checkpoint.write(file, ARRAYS, {"epoch": 1})

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left on device: the checkpoint before it stands"):
        checkpoint.write(file, ARRAYS, {"epoch": 2})
    with pytest.raises(UserError, match="first.npz: cannot be written: No space left on device$"):
        checkpoint.write(tmp_path / "first.npz", ARRAYS, {"epoch": 2})
    assert checkpoint.read(file)[1] == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" * 99])
def test_damaged(tmp_path, damage):
    file = tmp_path / "checkpoint.npz"
    checkpoint.write(file, ARRAYS, {})
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match="not a readable checkpoint"):
        checkpoint.read(file)
