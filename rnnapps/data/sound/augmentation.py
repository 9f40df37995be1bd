"""Other versions of the same clips in every epoch."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import soxr

from rnnapps.data.sound.augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound.window import sound_window

FRAME_SECONDS = 0.02  # of the frames by which speech and pauses are told apart
PAUSE = 0.01  # a frame with less than this share of the loudest frame's power: 20 dB below it
GAINS = 8  # random gains of a colour, over the mel scale
RECORDERS = 16  # their noises: amplitude falls with frequency to the power of 0 (white) to 1 (brown)
RECORDING_SECONDS = 10  # of each
RECORDING_SNR = (5.0, 40.0)  # dB
LOWEST = 20.0  # Hz, below which their amplitudes rise no more
SPEECH_POWER = 10**-2.6  # of a clip without sound: -26 dB of full scale, the usual level of speech


class SoundAugmentation:
    """Changes a clip's recorder, speed, place in time, colour, background noise and gain, in this order.

    What it draws follows from (seed, epoch, row) alone, and each change has its own number of these:
    turning one off leaves the others as they were. Clips come out at one length, or, without a length,
    as long as they are: then none of a clip is lost, and zeros before or behind it move it in time.

    - A recorder has noise of its own, which begins and ends with the clip: recordings of words are cut
      out, and zeros fill the rest of what the network reads. Background noise is all over that.
    - Speed is a resampling, so that pitch changes too (Ko et al. 2015), by whole percents: other ratios
      take soxr three times as long.
    - Colour is a curve over the mel scale between random gains at evenly spaced frequencies, as other
      microphones, rooms and voices have other spectra.
    - Noise is mixed at a signal-to-noise ratio drawn evenly in dB. The signal's power is that of the
      speech in the clip, not of its pauses, of which clips have unlike shares (`speech_power`); the
      noise's is that of the stretch of a recording that is mixed in. A clip without any sound, as
      silence is trained with, gets the noise that a word of the usual level would (-26 dB, ITU-T P.56).
      Without a recording, or where the stretch is all zeros, nothing is mixed in.
    - A sum beyond full scale is scaled down as a whole, which keeps its signal-to-noise ratio; cutting
      its peaks off would be a distortion. A clip that is beyond it by itself may stay as loud.

    Args:
        config: how much of each.
        sampling_rate: of clips and noise, in Hz.
        length: samples of what comes out (`rnnapps.data.sound.window`), or None.
        noise: recordings, floats `(time,)`; one shorter than a clip is repeated.
        seed: of the draws.
    """

    def __init__(
        self,
        config: SoundAugmentationConfig,
        sampling_rate: int,
        length: int | None,
        noise: Sequence[np.ndarray] = (),
        seed: int = 0,
    ):
        self.config = config
        self.sampling_rate = sampling_rate
        self.length = length
        self.noise = [np.asarray(sound, "float32") for sound in noise if len(sound)]
        self.seed = seed
        self.recorders = _recorder_noises(sampling_rate) if config.recording_noise else []

    def __call__(self, samples: np.ndarray, epoch: int, row: int) -> np.ndarray:
        """The clip of a row, floats `(time,)`, as it is in an epoch: float32 `(length,)`."""
        return self.change(samples, np.random.default_rng((self.seed, epoch, row)))

    def change(self, samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A clip, floats `(time,)`, as the numbers of a generator change it: float32 `(length,)`."""
        config = self.config
        speed, shift, is_noisy, recording, place, ratio, gain = random.random(7).tolist()
        gains = random.uniform(-1, 1, GAINS)
        is_recorded, recorder, moment, softness = random.random(4).tolist()

        if is_recorded < config.recording_noise:
            sound = self.recorders[int(recorder * RECORDERS)]
            sound = sound.take(np.arange(len(samples)) - int(moment * len(sound)), mode="wrap")
            low, high = RECORDING_SNR
            samples = samples + self._scaled(sound, samples, low + softness * (high - low))
        if percents := _whole(speed, round(100 * config.speed_change)):
            samples = soxr.resample(samples.astype("float32", copy=False), 100 + percents, 100)
        later = _whole(shift, round(config.time_shift * self.sampling_rate))
        if self.length is None:
            changed = np.pad(samples, (max(later, 0), max(-later, 0))).astype("float32", copy=False)
        else:
            changed = sound_window(samples, self.length, later)
        length = len(changed)
        full_scale = max(1.0, float(np.abs(changed).max()))
        if config.colour:
            curve = np.interp(_places(length, self.sampling_rate), np.arange(GAINS), gains)
            spectrum = np.fft.rfft(changed) * 10 ** (config.colour * curve / 20)
            changed = np.fft.irfft(spectrum, length).astype("float32")
        if self.noise and is_noisy < config.noise_share:
            sound = self.noise[int(recording * len(self.noise))]
            if len(sound) < length:
                sound = np.resize(sound, len(sound) + length)  # begins anywhere
            start = int(place * (len(sound) - length + 1))
            snr = config.snr_low + ratio * (config.snr_high - config.snr_low)
            changed = changed + self._scaled(sound[start : start + length], changed, snr)
        if config.gain:
            changed = changed * np.float32(10 ** (config.gain * (2 * gain - 1) / 20))
        peak = float(np.abs(changed).max())
        return changed if peak <= full_scale else changed * np.float32(full_scale / peak)

    def _scaled(self, noise: np.ndarray, samples: np.ndarray, snr: float) -> np.ndarray:
        """The noise, scaled to lie `snr` dB below the samples."""
        power = float(np.square(noise, dtype="float64").mean())
        if not power:
            return noise
        wanted = (speech_power(samples, self.sampling_rate) or SPEECH_POWER) / 10 ** (snr / 10)
        return noise * np.float32((wanted / power) ** 0.5)


def _recorder_noises(sampling_rate: int) -> list[np.ndarray]:
    """Noises from white to brown, float32 `(time,)`, each of power 1."""
    random = np.random.default_rng(0)
    size = RECORDING_SECONDS * sampling_rate
    frequencies = np.maximum(np.fft.rfftfreq(size, 1 / sampling_rate), LOWEST)
    noises = []
    for power in np.linspace(0, 1, RECORDERS):
        spectrum = np.fft.rfft(random.standard_normal(size)) * frequencies**-power
        sound = np.fft.irfft(spectrum, size)
        noises.append((sound / sound.std()).astype("float32"))
    return noises


@lru_cache(maxsize=1)  # clips of one length
def _places(length: int, sampling_rate: int) -> np.ndarray:
    """Where the frequencies of a transform of so many samples are among the random gains."""
    frequencies = np.fft.rfftfreq(length, 1 / sampling_rate)
    return np.log1p(frequencies / 700) / np.log1p(sampling_rate / 1400) * (GAINS - 1)


def _whole(draw: float, limit: int) -> int:
    """A number from -limit to limit, of a draw from 0 to 1."""
    return int(draw * (2 * limit + 1)) - limit


def speech_power(samples: np.ndarray, sampling_rate: int) -> float:
    """The mean square of a clip, floats `(time,)`, over its frames of 20 ms that are no pauses.

    A frame is a pause if it is more than 20 dB below the loudest; a remainder shorter than a frame does
    not count. A simple form of the active speech level of ITU-T P.56.
    """
    size = min(len(samples), round(FRAME_SECONDS * sampling_rate))
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    powers = np.square(frames, dtype="float64").mean(axis=1)
    return float(powers[powers >= PAUSE * powers.max()].mean())
