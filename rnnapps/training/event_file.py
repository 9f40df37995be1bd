"""The scores of each epoch, for TensorBoard."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from rnnapps.errors import UserError


class EventFile:
    """A file of scalars in a folder that TensorBoard reads; a context manager, which closes it.

    TensorBoard's own writer works in a thread, whose errors come late and as tracebacks; this one writes
    at once, and tells that the disk is full like any other file.

    Args:
        folder: of the logs of one training; it is made.

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(self, folder: Path):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event = Event
        # The name that TensorBoard looks for, of one process and moment.
        self._file = folder / f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._records = RecordWriter(self._file.open("wb", buffering=0))
        except OSError as error:
            raise self._error(error) from error
        self._write(file_version="brain.Event:2")

    def add(self, scores: Mapping[str, float], epoch: int) -> None:
        """Add the scores of an epoch."""
        from tensorboard.plugins.scalar.summary import scalar_pb

        for name, value in scores.items():
            self._write(summary=scalar_pb(name, value), step=epoch)

    def __enter__(self) -> "EventFile":
        return self

    def __exit__(self, *about: object) -> None:
        self._records.close()

    def _write(self, **content) -> None:
        try:
            event = self._event(wall_time=time.time(), **content)
            self._records.write(event.SerializeToString())
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> UserError:
        return UserError(f"{self._file}: cannot be written: {error.strerror}")
