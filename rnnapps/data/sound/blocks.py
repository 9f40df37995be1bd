"""Sound as it comes, a piece at a time: from a recording of any length, or from the microphone."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from rnnapps.data.sound.files import check_rate, decode, decode_stream
from rnnapps.data.sound.pipe import HEADER, STANDARD_INPUT, is_pipe, open_pipe, wav_pieces, whole
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SECONDS = 0.1  # of a piece: more would delay an answer, less would cost calls


def file_blocks(file: Path, sampling_rate: int) -> Iterator[np.ndarray]:
    """The mean of a recording's channels, resampled, in pieces of about 0.1 s, float32 `(time,)`.

    A recording of hours takes no memory. Together the pieces are what
    `rnnapps.data.sound.files.read_sound` gives. Those of a pipe, and of standard input (`-`), come as
    soon as they are there if it is WAV with integers, as recording programs write it.

    Raises:
        UserError: the file cannot be read (`rnnapps.data.sound.files.decode`).
    """
    with ExitStack() as opened:
        rate, pieces = _pieces(file, opened)
        resampler = None if rate == sampling_rate else soxr.ResampleStream(rate, sampling_rate, 1)
        for samples in pieces:
            mono = samples.mean(axis=1)
            yield mono if resampler is None else resampler.resample_chunk(mono)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, "float32"), last=True)


def _pieces(file: Path, opened: ExitStack) -> tuple[int, Iterator[np.ndarray]]:
    """The sampling rate of a recording, and its pieces, float32 `(time, channels)`."""
    if not is_pipe(file):
        return decode(file, SECONDS)[1], _read(file, str(file))
    name = "standard input" if file == STANDARD_INPUT else str(file)
    stream = opened.enter_context(open_pipe(file))
    head = stream.read(HEADER)
    if (wav := wav_pieces(head, stream, SECONDS)) is not None:
        check_rate(wav[0], name)
        return wav
    content = opened.enter_context(whole(head, stream))
    _, rate = decode_stream(content, name, SECONDS)
    content.seek(0)
    return rate, _read(content, name)


def _read(source: Path | BinaryIO, name: str) -> Iterator[np.ndarray]:
    try:
        with soundfile.SoundFile(source) as sound:
            size = max(1, round(SECONDS * sound.samplerate))
            while len(samples := sound.read(size, dtype="float32", always_2d=True)):
                yield samples
    except soundfile.LibsndfileError as error:
        raise UserError(f"{name}: damaged: {error.error_string.rstrip('.')}") from None


def microphone_blocks(sampling_rate: int) -> Iterator[np.ndarray]:
    """What the microphone hears, in pieces of 0.1 s, float32 `(time,)`, without an end.

    Raises:
        UserError: the package of the extra `audio` is missing, or its library, or a microphone.
    """
    sounddevice = import_sounddevice()
    size = round(SECONDS * sampling_rate)
    try:
        with sounddevice.InputStream(sampling_rate, size, channels=1, dtype="float32") as device:
            log.info("listening: Ctrl-C ends it")
            while True:
                samples, lost = device.read(size)
                if lost:
                    log.warning("samples were lost: this machine is too slow for the stream")
                yield samples[:, 0]
    except sounddevice.PortAudioError as error:
        raise UserError(f"--microphone: {error}: choose a device in the system's settings") from None


def import_sounddevice():
    """The package of the extra `audio`.

    Raises:
        UserError: it, or the library PortAudio that it needs, is missing.
    """
    try:
        import sounddevice
    except ImportError:
        raise UserError("--microphone needs sounddevice: pip install rnnapps[audio]") from None
    except OSError as error:  # PortAudio, which its packages for Linux do not bring
        raise UserError(
            f"--microphone needs PortAudio ({error}): install libportaudio2 by the system's package "
            f"manager, and pip install rnnapps[audio]"
        ) from None
    return sounddevice
