"""One writer of an output at a time."""

import errno
import subprocess
import sys
import threading

import pytest

from rnnapps import output_lock
from rnnapps.errors import UserError
from rnnapps.output_lock import OutputLock

HOLD = """
import sys, pathlib
from rnnapps.output_lock import OutputLock
lock = OutputLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def in_a_thread(action):
    """What an action raises in another thread, or None."""
    raised = []

    def run():
        try:
            action()
        except UserError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def test_another_process_is_refused_until_it_is_killed(tmp_path):
    output = tmp_path / "out"
    command = [sys.executable, "-c", HOLD, str(output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="out: another training is writing there: wait for it, or"):
            OutputLock(output)
        holder.kill()
    lock = OutputLock(output)
    lock.release()
    assert not list(tmp_path.iterdir())


def test_another_thread_is_refused_and_the_same_one_is_not(tmp_path):
    output = tmp_path / "out"
    outer = OutputLock(output)
    with OutputLock(output):
        pass
    assert "another training" in str(in_a_thread(lambda: OutputLock(output)))
    outer.release()
    outer.release()
    assert in_a_thread(lambda: OutputLock(output).release()) is None
    assert not list(tmp_path.iterdir())


def test_one_that_is_forgotten_is_released(tmp_path):
    lock = OutputLock(tmp_path / "out")
    del lock
    assert in_a_thread(lambda: OutputLock(tmp_path / "out").release()) is None


def test_a_file_that_its_owner_removes_meanwhile_is_not_taken_for_the_lock(tmp_path, monkeypatch):
    lock, opened = output_lock._lock, []

    def late(descriptor):
        if not opened:
            (tmp_path / ".out.lock").unlink()
        opened.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(output_lock, "_lock", late)
    with OutputLock(tmp_path / "out"):
        assert len(opened) == 2
        assert (tmp_path / ".out.lock").exists()


def test_a_file_system_without_locks_is_written_all_the_same(tmp_path, monkeypatch):
    def none(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(output_lock, "_lock", none)
    with OutputLock(tmp_path / "out"):
        pass
