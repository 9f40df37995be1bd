"""With clips of the embedded data, written in the formats and sampling rates that people have."""

import math

import numpy as np
import pytest
import soundfile
import soxr

from rnnapps import datasets
from rnnapps.data.sound.files import decode, is_clipped, read_sound, sound_problem, to_mono
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.errors import UsageError, UserError

RATE = 8000


@pytest.fixture(scope="module")
def clip():
    """A little more than a second of real words, said quietly, float32 `(time,)`."""
    return soundfile.read(datasets.path("digits/theo.flac"), 9000, dtype="float32")[0]


def similar(samples, clip):
    """The correlation with a clip, over the time that both have."""
    length = min(len(samples), len(clip))
    return np.corrcoef(samples[:length], clip[:length])[0, 1]


class TestReading:
    @pytest.mark.parametrize("channels", [1, 2])
    @pytest.mark.parametrize("rate", [8000, 16000, 44100])
    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    def test_formats_rates_and_channels(self, tmp_path, clip, suffix, rate, channels):
        file = tmp_path / f"a clip é.{suffix}"
        written = soxr.resample(clip, RATE, rate)
        soundfile.write(file, np.stack([written] * channels, axis=1), rate)
        samples = read_sound(file, RATE)
        assert samples.dtype == np.float32 and samples.ndim == 1
        assert len(samples) == pytest.approx(len(clip), abs=2)
        assert similar(samples, clip) > (0.999 if suffix in ("wav", "flac") else 0.98)

    def test_samples_are_exact_where_nothing_is_to_be_done(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.wav", clip, RATE, subtype="PCM_16")
        assert np.array_equal(read_sound(tmp_path / "a.wav", RATE), clip)

    def test_channels_are_averaged(self, tmp_path, clip):
        both = np.stack([clip, np.zeros_like(clip)], axis=1)
        soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
        assert np.array_equal(read_sound(tmp_path / "a.wav", RATE), clip / 2)
        assert np.array_equal(decode(tmp_path / "a.wav")[0], both)

    @pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "DOUBLE", "ULAW", "MS_ADPCM"])
    def test_kinds_of_wav(self, tmp_path, clip, subtype):
        soundfile.write(tmp_path / "a.WAV", clip, RATE, subtype=subtype)
        assert similar(read_sound(tmp_path / "a.WAV", RATE), clip) > (
            0.9 if subtype == "PCM_U8" else 0.97
        )

    def test_opus(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.ogg", clip, RATE, format="OGG", subtype="OPUS")
        assert similar(read_sound(tmp_path / "a.ogg", RATE), clip) > 0.95

    def test_a_higher_rate_is_made(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.wav", clip, RATE)
        assert len(read_sound(tmp_path / "a.wav", 16000)) == 2 * len(clip)

    def test_silence_is_a_sound(self, tmp_path):
        soundfile.write(tmp_path / "a.wav", np.zeros(100), RATE)
        assert not read_sound(tmp_path / "a.wav", RATE).any()

    def test_a_long_file_is_not_decoded_whole(self, tmp_path):
        soundfile.write(tmp_path / "a.flac", np.zeros(600 * RATE, "int16"), RATE)
        assert decode(tmp_path / "a.flac", max_seconds=60)[0].shape == (60 * RATE + 1, 1)
        with pytest.raises(UserError, match="a.flac: longer than 60 s .--max-seconds.$"):
            read_sound(tmp_path / "a.flac", RATE)
        assert len(read_sound(tmp_path / "a.flac", RATE, max_seconds=600)) == 600 * RATE
        assert len(read_sound(tmp_path / "a.flac", RATE, max_seconds=None)) == 600 * RATE


class TestBadFiles:
    def test_no_such_file(self, tmp_path):
        with pytest.raises(UserError, match="a.wav: no such file or directory$"):
            read_sound(tmp_path / "a.wav", RATE)

    def test_a_folder(self, tmp_path):
        with pytest.raises(UserError, match="is a directory$"):
            read_sound(tmp_path, RATE)

    def test_an_empty_file(self, tmp_path):
        (tmp_path / "a.wav").write_bytes(b"")
        with pytest.raises(UserError, match=r"a.wav: an empty file \(0 bytes\)$"):
            read_sound(tmp_path / "a.wav", RATE)

    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
    def test_another_kind_of_file(self, tmp_path, suffix):
        (tmp_path / f"a.{suffix}").write_text("a text\n" * 100)
        with pytest.raises(
            UserError, match=r"not a readable sound file \(.+\): expected .wav, .flac, .ogg, .mp3$"
        ):
            read_sound(tmp_path / f"a.{suffix}", RATE)

    @pytest.mark.parametrize(
        ("suffix", "reason"),
        [
            ("flac", r"not a readable sound file \(flac decoder lost sync\)"),
            ("ogg", r"no sound in it \(0 samples\)"),
            ("mp3", r"damaged or cut off after \d,\d+ of 9,000 samples"),
        ],
    )
    def test_a_file_that_was_cut_off(self, tmp_path, clip, suffix, reason):
        file = tmp_path / f"a.{suffix}"
        soundfile.write(file, clip, RATE)
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2])
        with pytest.raises(UserError, match=f"a.{suffix}: {reason}"):
            read_sound(file, RATE)

    def test_a_wav_file_that_was_cut_off_has_what_is_left(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.wav", clip, RATE, subtype="PCM_16")
        data = (tmp_path / "a.wav").read_bytes()
        (tmp_path / "a.wav").write_bytes(data[: 44 + 2 * 1000])
        assert np.array_equal(read_sound(tmp_path / "a.wav", RATE), clip[:1000])

    def test_a_flac_file_that_does_not_tell_its_length(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.flac", clip, RATE)
        data = bytearray((tmp_path / "a.flac").read_bytes())
        data[21] &= 0xF0  # the number of samples, 36 bits: an encoder that writes to a pipe leaves 0
        data[22:26] = bytes(4)
        (tmp_path / "a.flac").write_bytes(data)
        with pytest.raises(UserError, match="a.flac: its header does not tell its length: encode it"):
            read_sound(tmp_path / "a.flac", RATE)

    def test_a_wav_file_that_does_not_tell_its_length(self, tmp_path, clip):
        soundfile.write(tmp_path / "a.wav", clip, RATE, subtype="PCM_16")
        data = bytearray((tmp_path / "a.wav").read_bytes())
        data[4:8] = data[40:44] = b"\xff" * 4  # as an encoder leaves them that writes to a pipe
        (tmp_path / "a.wav").write_bytes(data)
        assert np.array_equal(read_sound(tmp_path / "a.wav", RATE), clip)

    def test_no_samples(self, tmp_path):
        soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
        with pytest.raises(UserError, match=r"a.wav: no sound in it \(0 samples\)$"):
            read_sound(tmp_path / "a.wav", RATE)

    def test_fewer_samples_than_one_at_the_other_rate(self, tmp_path):
        soundfile.write(tmp_path / "a.wav", np.ones(2), 44100)
        with pytest.raises(UserError, match=r"a.wav: no sound in it \(2 samples\)$"):
            read_sound(tmp_path / "a.wav", RATE)
        soundfile.write(tmp_path / "a.wav", np.ones(3), 44100)
        assert len(read_sound(tmp_path / "a.wav", RATE)) == 1

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_values_that_are_not_finite(self, tmp_path, clip, value):
        clip = clip.copy()
        clip[[7, 8]] = value
        soundfile.write(tmp_path / "a.wav", clip, RATE, subtype="FLOAT")
        with pytest.raises(UserError, match="a.wav: 2 samples are NaN or infinite$"):
            read_sound(tmp_path / "a.wav", RATE)

    @pytest.mark.parametrize("rate", [1, 4_000_000])
    def test_an_impossible_rate(self, tmp_path, clip, rate):
        soundfile.write(tmp_path / "a.wav", clip, rate)
        with pytest.raises(UserError, match=f"a sampling rate of {rate:,} Hz: its header is damaged$"):
            read_sound(tmp_path / "a.wav", RATE)


class TestProblems:
    def test_none(self, clip):
        assert sound_problem(clip, RATE, RATE, may_be_silent=False) is None
        assert sound_problem(clip[:1], RATE, RATE) is None

    def test_silence(self):
        assert sound_problem(np.zeros((9, 2)), RATE, RATE) is None
        problem = sound_problem(np.zeros((9, 2)), RATE, RATE, may_be_silent=False)
        assert problem == "silence only (every sample is zero)"

    def test_length(self, clip):
        assert sound_problem(clip, RATE, RATE, max_seconds=len(clip) / RATE) is None
        problem = sound_problem(clip, RATE, RATE, max_seconds=0.25)
        assert problem == "longer than 0.25 s (--max-seconds)"
        assert sound_problem(clip, RATE, RATE, max_seconds=None) is None

    def test_clipped(self, clip):
        assert not is_clipped(clip)
        louder = np.clip(clip * (1.05 / np.abs(clip).max()), -1, 1)
        assert not is_clipped(louder)  # at a few peaks
        assert is_clipped(np.clip(clip * 1000, -1, 1))
        assert is_clipped(np.clip(clip * 1000, -1, 32767 / 32768)[:, None])

    def test_doubles_become_floats(self, clip):
        assert to_mono(clip.astype("float64"), RATE, 16000).dtype == np.float32


def test_a_config_of_defaults():
    assert SoundSourceConfig() == SoundSourceConfig(
        data="embedded", held_out=None, sampling_rate=8000, max_seconds=60.0
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling_rate": 0}, r"--sampling-rate must be 1000 to 768000 \(Hz\), got 0"),
        ({"sampling_rate": 16}, "--sampling-rate must be 1000 to 768000"),
        ({"max_seconds": 0}, "--max-seconds must be a number of seconds above 0, got 0"),
        ({"max_seconds": math.nan}, "--max-seconds must be a number of seconds above 0, got nan"),
        ({"max_seconds": math.inf}, "--max-seconds must be a number of seconds above 0, got inf"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(UsageError, match=message):
        SoundSourceConfig(**options)
