"""Sound from files: WAV, FLAC, Ogg (Vorbis, Opus) and MP3, of any sampling rate and channels."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from rnnapps.data.sound.source_config import SAMPLING_RATES, SoundSourceConfig
from rnnapps.errors import UserError, brief

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
MAX_SECONDS = SoundSourceConfig.max_seconds
FULL_SCALE = 0.999  # of the largest value: encoders round
CLIPPED_SHARE = 0.01
LOUDEST = 100  # of full scale: beyond this samples are integers that were not divided
ROUNDING = 0.1  # seconds that a file may be shorter than a time in it
UNKNOWN_LENGTH = 2**62  # samples: libsndfile gives the largest number that there is


def read_sound(file: Path, sampling_rate: int, max_seconds: float | None = MAX_SECONDS) -> np.ndarray:
    """Read a sound file: the mean of its channels, resampled, float32 `(time,)`, full scale -1 to 1.

    It may be silent. Encoding for training and for inference both begin with this.

    Raises:
        UserError: see `decode` and `sound_problem`; with the file's name.
    """
    samples, rate = decode(file, max_seconds)
    if problem := sound_problem(samples, rate, sampling_rate, max_seconds):
        raise UserError(f"{file}: {problem}")
    return to_mono(samples, rate, sampling_rate)


def decode(
    file: Path, max_seconds: float | None = None, start: float = 0.0, end: float | None = None
) -> tuple[np.ndarray, int]:
    """The samples of a file as they are, float32 `(time, channels)`, and its sampling rate in Hz.

    Of a file that is longer than `max_seconds` comes one sample more than these have, for
    `sound_problem` to see: a recording of hours takes no memory. A WAV file that was cut off has the
    samples that are left, as its header is not told from one that was never completed.

    Args:
        file: to be read.
        max_seconds: of what comes.
        start: seconds of the file before what comes.
        end: seconds at which it ends, if not with the file; a tenth beyond the file is a rounded time.

    Raises:
        UserError: no such file, another kind of file, a damaged one, or one that ends before `end`.
    """
    if "\0" in str(file):  # for which Python has an error of another kind
        raise UserError(f"{brief(file)}: no such file")
    try:
        with file.open("rb") as stream:
            seekable = stream if stream.seekable() else io.BytesIO(stream.read())
            return decode_stream(seekable, str(file), max_seconds, start, end)
    except OSError as error:
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def decode_stream(
    stream: BinaryIO,
    name: str,
    max_seconds: float | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> tuple[np.ndarray, int]:
    """The same of an open file, which `name` names in errors."""
    if not stream.read(1):
        raise UserError(f"{name}: an empty file (0 bytes)")
    stream.seek(0)
    try:
        with soundfile.SoundFile(stream) as sound:
            rate, announced = sound.samplerate, sound.frames
            if announced >= UNKNOWN_LENGTH:  # FLAC from a pipe, which soundfile cannot read
                raise UserError(
                    f"{name}: its header does not tell its length: encode it again, for example "
                    f"with: ffmpeg -i old.flac new.flac"
                )
            if max(start, (end or 0.0) - ROUNDING) * rate > announced:
                raise UserError(f"{name}: it ends at {announced / rate:g} s, not after {end or start:g}")
            first = round(start * rate)
            if end is not None:
                announced = min(announced, round(end * rate))
            announced -= first
            limit = announced if max_seconds is None else int(max_seconds * rate)
            sound.seek(first)
            samples = sound.read(min(announced, limit + 1), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.removeprefix("Error : ").rstrip(".")
        raise UserError(
            f"{name}: not a readable sound file ({reason}): expected {', '.join(SUFFIXES)}"
        ) from None
    check_rate(rate, name)
    # An MP3 file without a table of contents announces what is only nearly right.
    if announced <= limit and len(samples) < 0.9 * announced:
        raise UserError(f"{name}: damaged or cut off after {len(samples):,} of {announced:,} samples")
    return samples, rate


def check_rate(rate: int, name: str) -> None:
    """Refuse a sampling rate that no recording has."""
    if not SAMPLING_RATES[0] <= rate <= SAMPLING_RATES[1]:
        raise UserError(f"{name}: a sampling rate of {rate:,} Hz: its header is damaged")


def sound_problem(
    samples: np.ndarray,
    rate: int,
    sampling_rate: int,
    max_seconds: float | None = MAX_SECONDS,
    may_be_silent: bool = True,
) -> str | None:
    """What is wrong with a recording, or None.

    Args:
        samples: floats `(time,)` or `(time, channels)`, as they were recorded.
        rate: samples a second, in Hz.
        sampling_rate: Hz to which it is to be resampled.
        max_seconds: how long it may be, if there is a limit.
        may_be_silent: whether every sample may be zero.
    """
    if _resampled_length(len(samples), rate, sampling_rate) < 1:
        return f"no sound in it ({len(samples)} samples)"
    if max_seconds is not None and len(samples) > int(max_seconds * rate):
        return f"longer than {max_seconds:g} s (--max-seconds)"
    if bad := int(np.count_nonzero(~np.isfinite(samples))):
        return f"{bad:,} samples are NaN or infinite"
    if problem := _level_problem(samples):
        return problem
    if not may_be_silent and not samples.any():
        return "silence only (every sample is zero)"
    return None


def is_clipped(samples: np.ndarray) -> bool:
    """Whether more than 1 % of the samples are at full scale: it was recorded too loud.

    Such a clip can still be understood and is used. To be asked before resampling, which rounds the
    cut-off peaks.
    """
    return bool(np.count_nonzero(np.abs(samples) >= FULL_SCALE) > CLIPPED_SHARE * samples.size)


def to_mono(samples: np.ndarray, rate: int, sampling_rate: int) -> np.ndarray:
    """The mean of the channels, resampled: `(time,)` or `(time, channels)` to float32 `(time,)`."""
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    samples = samples.astype("float32", copy=False)
    return samples if rate == sampling_rate else soxr.resample(samples, rate, sampling_rate)


def _resampled_length(length: int, rate: int, sampling_rate: int) -> int:
    """How many samples soxr makes of so many."""
    return int(length * sampling_rate / rate + 0.5)


def check_samples(samples: np.ndarray, name: str, may_be_empty: bool = False) -> np.ndarray:
    """Samples as float32 `(time,)`.

    Raises:
        UserError: they are none, integers, not finite, far beyond full scale, or have more than one
            channel.
    """
    try:
        samples = np.asarray(samples)
    except ValueError:  # lists of unequal length
        raise UserError(f"{name}: no array: expected samples of one channel, (time,)") from None
    if samples.ndim != 1 or not (len(samples) or may_be_empty):
        channels = ": average the channels; several clips are a list" if samples.ndim == 2 else ""
        raise UserError(
            f"{name}: shape {samples.shape}: expected samples of one channel, (time,){channels}"
        )
    if samples.dtype.kind != "f":
        raise UserError(f"{name}: {samples.dtype}: expected floats from -1 to 1 (divide by 32768)")
    if not np.isfinite(samples).all():
        raise UserError(f"{name}: samples are NaN or infinite")
    if problem := _level_problem(samples):
        raise UserError(f"{name}: {problem}")
    return samples.astype("float32", copy=False)


def _level_problem(samples: np.ndarray) -> str | None:
    """What is wrong with floats that are integers in disguise; decoders go beyond full scale."""
    loudest = np.abs(samples).max(initial=0)
    if loudest <= LOUDEST:
        return None
    return f"samples of up to {loudest:,.0f}: expected floats from -1 to 1 (divide by 32768)"
