"""Sound as it comes, a piece at a time: from a recording of any length, or from the microphone."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from rnnapps.data.sound.files import decode
from rnnapps.errors import UserError

log = logging.getLogger(__name__)

SECONDS = 0.1  # of a piece: more would delay an answer, less would cost calls


def file_blocks(file: Path, sampling_rate: int) -> Iterator[np.ndarray]:
    """The mean of a recording's channels, resampled, in pieces of about 0.1 s, float32 `(time,)`.

    A recording of hours takes no memory. Together the pieces are what
    `rnnapps.data.sound.files.read_sound` gives.

    Raises:
        UserError: the file cannot be read (`rnnapps.data.sound.files.decode`).
    """
    _, rate = decode(file, SECONDS)
    resampler = None if rate == sampling_rate else soxr.ResampleStream(rate, sampling_rate, 1)
    size = max(1, round(SECONDS * rate))
    try:
        with soundfile.SoundFile(file) as sound:
            while len(samples := sound.read(size, dtype="float32", always_2d=True)):
                mono = samples.mean(axis=1)
                yield mono if resampler is None else resampler.resample_chunk(mono)
    except soundfile.LibsndfileError as error:
        raise UserError(f"{file}: damaged: {error.error_string.rstrip('.')}") from None
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, "float32"), last=True)


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
