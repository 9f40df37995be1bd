"""Sound that comes through a pipe, in which nobody can seek."""

import io
import shutil
import sys
import tempfile
import wave
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile

from rnnapps.errors import UserError

STANDARD_INPUT = Path("-")
HEADER = 4096  # bytes that are waited for: a tenth of a second, and more than a header of WAV has
UNKNOWN_FORMAT = 1  # the code of libsndfile's error
SUBTYPES = {1: "PCM_U8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}  # by the bytes of a sample


def is_pipe(file: Path) -> bool:
    """Whether a file is a pipe, or `-` for standard input."""
    return file == STANDARD_INPUT or file.is_fifo()


def open_pipe(file: Path) -> AbstractContextManager[BinaryIO]:
    """A pipe to read from; `-` is standard input, which stays open.

    Raises:
        UserError: standard input is closed.
    """
    if file != STANDARD_INPUT:
        return file.open("rb")
    if sys.stdin is None:
        raise UserError("standard input is closed: give the name of a recording")
    return nullcontext(sys.stdin.buffer)


def wav_pieces(head: bytes, stream: BinaryIO, seconds: float) -> tuple[int, Iterator[np.ndarray]] | None:
    """The sampling rate of WAV with integers, as recording programs write it, and pieces as they come.

    Args:
        head: the first HEADER bytes of the pipe.
        stream: the pipe behind them.
        seconds: of a piece, float32 `(time, channels)`.

    Returns:
        None of anything else: see `whole`.
    """
    start = io.BytesIO(head)
    try:
        with wave.open(start) as header:
            rate = header.getframerate()
            if header.getsampwidth() in SUBTYPES:
                frames = max(1, round(seconds * rate))
                return rate, _pieces(header, head[start.tell() :], stream, frames)
    except (wave.Error, EOFError):
        pass
    return None


def whole(head: bytes, stream: BinaryIO) -> BinaryIO:
    """All that comes through a pipe, behind what was read of it, as a file that can be sought in.

    Of what does not begin like sound only that beginning comes, as the rest may have no end.
    """
    if not _begins_like_sound(head):
        return io.BytesIO(head)
    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    file.write(head)
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return cast(BinaryIO, file)


def _begins_like_sound(head: bytes) -> bool:
    try:
        soundfile.SoundFile(io.BytesIO(head)).close()
    except soundfile.LibsndfileError as error:
        # Other formats are known, and only cut off; a picture may stand before the sound of an MP3 file.
        return error.code != UNKNOWN_FORMAT or head.startswith(b"ID3")
    return True


def _pieces(header: wave.Wave_read, begun: bytes, stream: BinaryIO, frames: int) -> Iterator[np.ndarray]:
    """The samples behind a header; where it does not tell how many, all that come."""
    channels, width, rate, announced = header.getparams()[:4]
    frame = channels * width
    left = announced * frame or sys.maxsize
    while left:
        data = begun or stream.read(min(frames * frame, left))
        missing = -len(data) % frame
        if begun:
            data, begun = data + stream.read(missing), b""
        data = data[: min(left, len(data) // frame * frame)]
        if not data:
            return
        left -= len(data)
        yield soundfile.read(
            io.BytesIO(data),
            **{"format": "RAW", "subtype": SUBTYPES[width], "channels": channels, "samplerate": rate},
            **{"endian": "LITTLE", "dtype": "float32", "always_2d": True},
        )[0]
