from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rnnapps.errors import UserError
from rnnapps.training.event_file import EventFile


def test_tensorboard_reads_it(tmp_path):
    with EventFile(tmp_path / "logs") as file:
        file.add({"loss": 0.5, "val_loss": 2.0}, 1)
    with EventFile(tmp_path / "logs") as file:  # of the training when it is resumed
        file.add({"loss": 0.25, "val_loss": 1.0}, 2)
    board = EventAccumulator(str(tmp_path / "logs"))
    board.Reload()
    assert board.Tags()["tensors"] == ["loss", "val_loss"]
    values = [(event.step, event.tensor_proto.float_val[0]) for event in board.Tensors("loss")]
    assert values == [(1, 0.5), (2, 0.25)]


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(Path, "open", lambda *_, **__: full)
        with pytest.raises(UserError, match="logs/events.* cannot be written: No space left on device"):
            EventFile(tmp_path / "logs")
