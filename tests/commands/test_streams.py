"""Standard streams that are closed, full, broken, or cannot encode; Ctrl-C; terminals of any width."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rnnapps import command_line
from rnnapps.outputs import JSONLines, print_json
from rnnapps.sentiment.config import SentimentConfig

TEXT = "café \u2019 \u65e5\u672c"


@pytest.fixture
def stdout(monkeypatch):
    """Replaces standard output by a stream of some encoding, and gives what is written."""

    def of(encoding):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        monkeypatch.setattr(sys, "stdout", stream)
        return stream.buffer

    return of


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", TEXT.encode()),
        ("cp1252", b"caf\xe9 \x92 \\u65e5\\u672c"),
        ("ascii", b"caf\\xe9 \\u2019 \\u65e5\\u672c"),
    ],
)
def test_what_a_console_cannot_encode_is_escaped(stdout, encoding, written):
    buffer = stdout(encoding)
    command_line.run(lambda _: print(TEXT), [])
    assert buffer.getvalue() == written + b"\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_json_on_any_console_is_json(stdout, encoding):
    buffer = stdout(encoding)
    print_json({"text": TEXT, "name": "caf\udce9.wav"})
    assert json.loads(buffer.getvalue().decode(encoding)) == {"text": TEXT, "name": "caf\udce9.wav"}


def test_json_of_a_name_that_is_not_utf_8(tmp_path):
    with JSONLines(str(tmp_path / "a.jsonl")) as lines:
        lines.write({"name": "caf\udce9.wav"})
    assert json.loads((tmp_path / "a.jsonl").read_text("utf-8")) == {"name": "caf\udce9.wav"}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # they stay open to the end
def test_no_streams(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    def main(arguments):
        print("nobody reads this")
        assert sys.stdin.read() == ""
        raise OSError(28, "No space left on device", "file")

    with pytest.raises(SystemExit) as ended:
        command_line.run(main, [])
    assert ended.value.code == 1


@pytest.mark.parametrize(
    ("redirected", "status", "told"),
    [
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">&- 2>&- <&-", 0, ""),
        ("> /dev/full", 1, "error: No space left on device\n"),
        ("2>&- | true", 0, ""),
    ],
)
def test_streams_of_a_process(redirected, status, told):
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m rnnapps list {redirected}"],
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (status, told)


@pytest.fixture
def sigint():
    """As in the foreground of a terminal, wherever the tests run."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def interrupted(capsys, main):
    with pytest.raises(SystemExit) as ended:
        command_line.run(main, [])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)


def test_an_interruption(capsys, sigint):
    interrupted(capsys, lambda _: ctrl_c())


def test_an_interruption_that_is_swallowed_comes_again(capsys, monkeypatch, sigint):
    """As in the import of a library written in C, or in a `__del__`."""
    monkeypatch.setattr(command_line, "AGAIN", 0.05)

    def main(arguments):
        for _ in range(3):
            try:
                ctrl_c() if not seen else time.sleep(5)
            except KeyboardInterrupt:
                seen.append(time.monotonic())
        time.sleep(5)

    seen = []
    interrupted(capsys, main)
    assert len(seen) == 3


def test_an_interruption_that_becomes_another_error(capsys, sigint):
    def main(arguments):
        try:
            ctrl_c()
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    interrupted(capsys, main)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("columns", ["1", "5", "39", "1000000000"])
def test_help_in_a_terminal_of_any_width(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit) as ended:
        command_line.parse(SentimentConfig, ["--help"], prog="rnnapps train sentiment")
    assert ended.value.code == 0
    assert "--learning-rate" in capsys.readouterr().out
