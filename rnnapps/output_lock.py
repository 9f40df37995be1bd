"""One writer of an output at a time."""

import contextlib
import errno
import os
import threading
from pathlib import Path
from typing import ClassVar

from rnnapps.errors import UserError

CONTENTION = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}  # what systems answer when another has the lock


class OutputLock:
    """Keeps other processes and threads from writing an output, until it is released.

    It is a lock of the operating system on the hidden file `.NAME.lock` beside the output, so that it
    ends with its process, however that ends. The thread that has it may take it again. A file system
    without locks gives none, and nothing is kept out there.

    Args:
        output: the path that is written, in a folder that exists.

    Raises:
        UserError: another has it.
    """

    _held: ClassVar[dict[tuple[Path, int], tuple[int, set[int]]]] = {}  # file descriptors and holders

    def __init__(self, output: Path):
        self._file = output.absolute().with_name(f".{output.name}.lock")
        self._key = (self._file, threading.get_ident())
        if self._key not in self._held:
            self._held[self._key] = (_open_locked(self._file, output), set())
        self._held[self._key][1].add(id(self))

    def release(self) -> None:
        """Let others write, once every lock that this thread has on the output is released."""
        descriptor, holders = self._held.get(self._key, (None, set()))
        holders.discard(id(self))
        if descriptor is not None and not holders:
            del self._held[self._key]
            if os.name != "nt":  # which removes no open file; elsewhere it must go while it is locked
                self._file.unlink(missing_ok=True)
            os.close(descriptor)
            if os.name == "nt":
                with contextlib.suppress(OSError):  # the next one has it open
                    self._file.unlink()

    def __enter__(self) -> "OutputLock":
        return self

    def __exit__(self, *about: object) -> None:
        self.release()

    def __del__(self):
        if hasattr(self, "_key"):
            self.release()


def _open_locked(file: Path, output: Path) -> int:
    """Open a file and lock it, before its owner before removed it."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in CONTENTION:
                os.close(descriptor)
                raise UserError(
                    f"{output}: another training is writing there: wait for it, or give another --output"
                ) from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(file), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
