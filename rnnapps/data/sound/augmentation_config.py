"""The options of sound augmentation."""

from dataclasses import dataclass

from rnnapps.errors import require

SNR = (-40.0, 80.0)  # dB: beyond, one of the two cannot be heard


@dataclass(frozen=True)
class SoundAugmentationConfig:
    """How training clips are changed, anew in every epoch; validation and test clips never are."""

    time_shift: float = 0.1
    """seconds by which a clip is moved in time, at most, to either side; zeros fill what it leaves"""
    speed_change: float = 0.1
    """share by which a clip is made faster or slower, at most, in whole percents: 0.1 is from 0.9 to
    1.1 times; its pitch changes with it"""
    colour: float = 6.0
    """dB by which frequencies are raised or lowered, at most, by a random curve: other microphones,
    rooms and voices"""
    recording_noise: float = 0.8
    """share of the clips that are made as noisy as other recorders are: from white to brown noise, 5 to
    40 dB below the word, for as long as the clip lasts"""
    gain: float = 6.0
    """dB by which a clip is made louder or softer, at most; one that would leave full scale is as loud
    as full scale allows"""
    noise_share: float = 0.8
    """share of the clips that background noise is mixed with, where the data has recordings of it"""
    snr_low: float = 0.0
    """lowest signal-to-noise ratio of these, in dB: the word's level above that of the noise"""
    snr_high: float = 20.0
    """highest signal-to-noise ratio of these, in dB"""

    def __post_init__(self):
        require(self, "time_shift", 0 <= self.time_shift <= 10, "0 to 10 (seconds)")
        require(self, "speed_change", 0 <= self.speed_change <= 0.5, "0 to 0.5")
        require(self, "colour", 0 <= self.colour <= 60, "0 to 60 (dB)")
        require(self, "recording_noise", 0 <= self.recording_noise <= 1, "0 to 1")
        require(self, "gain", 0 <= self.gain <= 60, "0 to 60 (dB)")
        require(self, "noise_share", 0 <= self.noise_share <= 1, "0 to 1")
        low, high = SNR
        require(self, "snr_low", low <= self.snr_low <= high, f"{low:g} to {high:g} (dB)")
        allowed = f"--snr-low ({self.snr_low:g}) to {high:g} (dB)"
        require(self, "snr_high", self.snr_low <= self.snr_high <= high, allowed)
