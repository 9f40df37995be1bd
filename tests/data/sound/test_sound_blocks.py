"""Pieces of recordings are the recordings."""

import io
import os
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from rnnapps import datasets
from rnnapps.data.sound.blocks import file_blocks
from rnnapps.data.sound.files import read_sound
from rnnapps.errors import UserError


@pytest.mark.parametrize("rate", [8000, 16_000, 5000])
def test_pieces_are_the_whole(rate, tmp_path):
    samples, _ = soundfile.read(datasets.path("digits/theo.flac"), frames=20_003, dtype="float32")
    file = tmp_path / "stereo.wav"
    soundfile.write(file, np.stack([samples, samples[::-1]], axis=1), 8000, subtype="FLOAT")
    pieces = list(file_blocks(file, rate))
    whole = read_sound(file, rate)
    assert len(pieces) > 20 and all(piece.dtype == np.float32 for piece in pieces)
    together = np.concatenate(pieces)
    assert abs(len(together) - len(whole)) <= 1
    length = min(len(together), len(whole))
    np.testing.assert_allclose(together[:length], whole[:length], atol=1e-4)


def test_what_cannot_be_read_is_told_at_once(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    for name, message in (("text.wav", "not a readable sound file"), ("none.wav", "no such file")):
        with pytest.raises(UserError, match=f"{name}: {message}"):
            next(file_blocks(tmp_path / name, 8000))


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_16"),
        ("wav", "PCM_24"),
        ("wav", "PCM_U8"),
        ("wav", "FLOAT"),
        ("flac", "PCM_16"),
        ("ogg", "VORBIS"),
    ],
)
def test_a_pipe_gives_what_the_file_gives(tmp_path, suffix, subtype):
    samples, _ = soundfile.read(datasets.path("digits/theo.flac"), frames=20_003)
    file, pipe = tmp_path / f"stereo.{suffix}", tmp_path / "pipe"
    soundfile.write(file, np.stack([samples, samples[::-1]], axis=1), 8000, subtype=subtype)
    os.mkfifo(pipe)
    for read in (lambda: np.concatenate(list(file_blocks(pipe, 8000))), lambda: read_sound(pipe, 8000)):
        writer = Thread(target=pipe.write_bytes, args=(file.read_bytes(),))
        writer.start()
        np.testing.assert_allclose(read(), read_sound(file, 8000), atol=1e-6)
        writer.join()


def test_wav_is_heard_as_it_comes_and_may_not_tell_its_length(monkeypatch):
    """As `arecord` and `ffmpeg` write it: a length that is none, and the end after a while."""
    samples = np.random.default_rng(0).integers(-9999, 9999, 8000, dtype="<i2")
    whole = io.BytesIO()
    soundfile.write(whole, samples, 8000, format="WAV", subtype="PCM_16")
    content = bytearray(whole.getvalue())
    for length in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
        content[40:44] = length
        reading, writing = os.pipe()
        with os.fdopen(reading) as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            os.write(writing, content[:8000])
            blocks = file_blocks(Path("-"), 8000)
            first = next(blocks)  # while the other end is open
            os.write(writing, content[8000:] + b"x")
            os.close(writing)
            together = np.concatenate([first, *blocks])
        np.testing.assert_array_equal(together, samples.astype("float32") / 32768)


def test_what_is_no_sound_is_not_waited_for(monkeypatch):
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert 0 < size < 10_000
            return b"y\n" * (size // 2)

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Endless()))
    with pytest.raises(UserError, match="standard input: not a readable sound file"):
        next(file_blocks(Path("-"), 8000))


def test_what_comes_through_a_pipe_and_is_no_sound(monkeypatch):
    header = io.BytesIO()
    soundfile.write(header, np.zeros(10), 8000, format="WAV")
    wrong_rate = bytearray(header.getvalue())
    wrong_rate[24:28] = b"\1\0\0\0"
    for content, message in (
        (b"", "standard input: an empty file"),
        (b"no sound", "standard input: not a readable sound file"),
        (bytes(wrong_rate), "standard input: a sampling rate of 1 Hz"),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        with pytest.raises(UserError, match=message):
            next(file_blocks(Path("-"), 8000))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UserError, match="standard input is closed"):
        next(file_blocks(Path("-"), 8000))
