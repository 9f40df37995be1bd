"""Augmentation of spoken digits, with other digits as the noise."""

import time
from dataclasses import replace

import numpy as np
import pytest

from rnnapps import datasets
from rnnapps.data.sound.augmentation import SoundAugmentation, speech_power
from rnnapps.data.sound.augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.data.sound.window import sound_window
from rnnapps.errors import UsageError

RATE = LENGTH = 8000
NOTHING = SoundAugmentationConfig(
    time_shift=0, speed_change=0, colour=0, recording_noise=0, gain=0, noise_share=0
)


@pytest.fixture(scope="module")
def clips():
    """The 300 clips of the test part, of six speakers."""
    parts = read_clips(SoundSourceConfig(), datasets.path("digits"))
    return [clip.samples for clip in parts["test"]]


@pytest.fixture(scope="module")
def noise(clips):
    """A babble of 2 s, of ten clips at once, and a short one."""
    return [sum(np.resize(clip, 16_000) for clip in clips[::30]) / 10, clips[7][:3000].astype("float64")]


def augmented(clips, noise=(), epoch=0, seed=1, **options):
    augmentation = SoundAugmentation(replace(NOTHING, **options), RATE, LENGTH, noise, seed)
    return np.stack([augmentation(clip, epoch, row) for row, clip in enumerate(clips)])


def windows(clips):
    return np.stack([sound_window(clip, LENGTH) for clip in clips])


def test_window_of_shorter_and_of_longer_clips(clips):
    clip = next(clip for clip in clips if len(clip) < 6000)
    window = sound_window(clip, LENGTH)
    start = (LENGTH - len(clip)) // 2
    np.testing.assert_array_equal(window[start : start + len(clip)], clip)
    assert not window[:start].any()
    assert not window[start + len(clip) :].any()
    np.testing.assert_array_equal(sound_window(window, LENGTH), window)

    for before in (0, 3000, 20_000):  # the word is found wherever it stands
        longer = np.concatenate([np.zeros(before), clip, np.zeros(23_000 - before)]).astype("float32")
        found = sound_window(longer, LENGTH)
        assert found.dtype == np.float32
        assert np.square(found).sum() == pytest.approx(np.square(clip).sum(), rel=1e-3)
        np.testing.assert_array_equal(sound_window(longer, LENGTH, 100)[100:], found[:-100])
    assert not sound_window(np.zeros(9000, "float32"), LENGTH).any()
    assert not sound_window(clip[:0], LENGTH).any()


def test_nothing_of_everything_is_the_identity(clips, noise):
    np.testing.assert_array_equal(augmented(clips, noise), windows(clips))
    whole = windows(clips)
    np.testing.assert_array_equal(augmented(whole), whole)


def test_shift_moves(clips):
    clips = clips[::3]
    shifted = augmented(clips, time_shift=0.1)
    moves = []
    for clip, window in zip(clips, shifted, strict=True):
        move = next(
            move for move in range(-800, 801) if (sound_window(clip, LENGTH, move) == window).all()
        )
        moves.append(move)
    assert min(moves) < -700
    assert max(moves) > 700
    assert abs(np.mean(moves)) < 150


def test_zeros_fill_what_a_shift_leaves(clips):
    loud = np.sign(windows(clips)) + 2
    shifted = augmented(loud, time_shift=0.1)
    zeros = (shifted == 0).sum(axis=1)
    assert zeros.max() > 700
    assert ((shifted[:, 0] == 0) | (shifted[:, -1] == 0) | (zeros == 0)).all()


def test_gain_is_within_its_decibels(clips):
    before = windows(clips)
    after = augmented(clips, gain=6)
    decibels = 10 * np.log10(np.square(after).sum(axis=1) / np.square(before).sum(axis=1))
    assert np.abs(decibels).max() <= 6.001
    assert decibels.std() == pytest.approx(12 / 12**0.5, rel=0.1)  # of an even distribution


def test_speed_changes_length_and_pitch():
    tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / RATE).astype("float32")
    changed = augmented([tone] * 60, speed_change=0.1)
    lengths = np.square(changed).sum(axis=1) / np.square(tone).sum()
    pitches = np.abs(np.fft.rfft(changed, axis=1)).argmax(axis=1) / 1000  # a bin is 1 Hz
    np.testing.assert_allclose(pitches * lengths, 1, atol=0.02)
    assert pitches.min() == pytest.approx(0.9, abs=0.011)
    assert pitches.max() == pytest.approx(1.1, abs=0.011)
    assert len(set(pitches.round(2))) > 12


@pytest.mark.parametrize(("low", "high"), [(-5, -5), (10, 10), (0, 20)])
def test_noise_has_the_ratio_that_was_asked_for(clips, noise, low, high):
    before = windows(clips)
    after = augmented(clips, noise, noise_share=1, snr_low=low, snr_high=high)
    ratios = []
    for clean, noisy in zip(before, after, strict=True):
        if np.abs(noisy).max() >= 1 - 1e-6:
            continue  # made softer as a whole
        added = np.square((noisy - clean).astype("float64")).mean()
        ratios.append(10 * np.log10(speech_power(clean, RATE) / added))
    assert len(ratios) > 200
    assert low - 0.01 <= min(ratios)
    assert max(ratios) <= high + 0.01
    if low < high:
        assert np.mean(ratios) == pytest.approx(10, abs=1.5)


def test_share_of_the_clips_with_noise(clips, noise):
    noisy = augmented(clips, noise, noise_share=0.3) != windows(clips)
    assert 0.2 < noisy.any(axis=1).mean() < 0.4


def test_a_recorder_is_heard_in_the_clip_and_not_beside_it(clips):
    before = windows(clips)
    added = augmented(clips, recording_noise=1).astype("float64") - before
    ratios, tilts = [], []
    for clip, window, noise in zip(clips, before, added, strict=True):
        if len(clip) > LENGTH or np.abs(window + noise).max() >= 1 - 1e-6:
            continue  # cut, or made softer as a whole
        start = (LENGTH - len(clip)) // 2
        inside = noise[start : start + len(clip)]
        assert np.abs(noise).sum() == np.abs(inside).sum()
        ratios.append(10 * np.log10(speech_power(clip, RATE) / np.square(inside).mean()))
        low, high = np.array_split(np.square(np.abs(np.fft.rfft(inside))), 2)
        tilts.append(10 * np.log10(low.mean() / high.mean()))
    assert len(ratios) > 200
    assert 4.99 <= min(ratios) < 8 and 37 < max(ratios) <= 40.01
    assert min(tilts) < 1 and max(tilts) > 15  # white to brown
    some = (augmented(clips, recording_noise=0.3) != before).any(axis=1)
    assert 0.2 < some.mean() < 0.4


def test_pauses_are_not_speech(clips):
    clip = next(clip for clip in clips if len(clip) % 160 == 0 or len(clip) > 3000)
    clip = clip[: len(clip) // 160 * 160]
    longer = np.concatenate([np.zeros(1600, "float32"), clip, clip * 1e-3])
    assert speech_power(longer, RATE) == pytest.approx(speech_power(clip, RATE))
    assert speech_power(np.full(50, 0.5), RATE) == 0.25  # shorter than a frame
    assert speech_power(np.zeros(LENGTH), RATE) == 0


def test_silence_gets_the_noise_of_a_usual_word(clips, noise):
    silent = augmented([np.zeros(LENGTH, "float32")] * 20, noise, noise_share=1, snr_low=10, snr_high=10)
    np.testing.assert_allclose(10 * np.log10(np.square(silent).mean(axis=1)), -36, atol=0.01)
    assert len({row.tobytes() for row in silent}) > 10
    silence = [np.zeros(9000, "float32"), np.zeros(0, "float32")]
    np.testing.assert_array_equal(augmented(clips[:9], silence, noise_share=1), windows(clips[:9]))
    np.testing.assert_array_equal(augmented(clips[:9], noise_share=1), windows(clips[:9]))


def test_colour_raises_and_lowers_frequencies_but_not_all_alike(clips):
    clips = clips[::10]
    ratio = np.abs(np.fft.rfft(augmented(clips, colour=6))) / np.abs(np.fft.rfft(windows(clips)))
    decibels = 20 * np.log10(ratio)
    assert -6.01 < decibels.min() < -4 and 4 < decibels.max() < 6.01
    assert np.ptp(decibels, axis=1).min() > 1
    assert np.abs(np.diff(decibels, axis=1)).max() < 0.2  # smooth


def test_nothing_leaves_full_scale(clips, noise):
    after = augmented(
        clips, noise, time_shift=1, speed_change=0.5, gain=60, noise_share=1, snr_low=-40, snr_high=80
    )
    assert after.dtype == np.float32
    assert after.shape == (300, LENGTH)
    assert np.isfinite(after).all()
    assert np.abs(after).max() <= 1 + 1e-6
    loud = 1.2 * clips[0] / np.abs(clips[0]).max()  # as resampling makes a clip at full scale
    np.testing.assert_array_equal(augmented([loud]), windows([loud]))


def test_seed_epoch_and_row_determine_it(clips, noise):
    options = {"time_shift": 0.1, "speed_change": 0.1, "gain": 6, "noise_share": 0.8}
    first = augmented(clips, noise, **options)
    np.testing.assert_array_equal(augmented(clips, noise, **options), first)
    backwards = SoundAugmentation(replace(NOTHING, **options), RATE, LENGTH, noise, seed=1)
    np.testing.assert_array_equal(backwards(clips[9], 0, 9), first[9])
    for other in ({"epoch": 1}, {"seed": 2}):
        assert (augmented(clips, noise, **options, **other) != first).any(axis=1).mean() > 0.98
    rows = augmented([clips[0]] * 20, noise, **options)
    assert len({row.tobytes() for row in rows}) == 20


def test_one_change_leaves_the_others_as_they_were(clips, noise):
    shifted = augmented(clips, time_shift=0.1)
    both = augmented(clips, noise, time_shift=0.1, noise_share=0.5)
    same = (both == shifted).all(axis=1)
    assert 0.4 < same.mean() < 0.6


def test_3000_clips_take_little_time(clips, noise):
    augmentation = SoundAugmentation(SoundAugmentationConfig(speed_change=0), RATE, LENGTH, noise)
    start = time.process_time()
    for row in range(3000):
        augmentation(clips[row % 300], 0, row)
    assert time.process_time() - start < 5  # 0.5 s where nothing else runs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_shift": -0.1}, "--time-shift must be 0 to 10 \\(seconds\\), got -0.1"),
        ({"speed_change": 0.6}, "--speed-change must be 0 to 0.5, got 0.6"),
        ({"gain": float("nan")}, "--gain must be 0 to 60 \\(dB\\), got nan"),
        ({"noise_share": 1.5}, "--noise-share must be 0 to 1, got 1.5"),
        ({"snr_low": -50}, "--snr-low must be -40 to 80"),
        ({"snr_low": 10, "snr_high": 5}, "--snr-high must be --snr-low \\(10\\) to 80 \\(dB\\), got 5"),
    ],
)
def test_what_is_not_allowed(options, message):
    with pytest.raises(UsageError, match=message):
        SoundAugmentationConfig(**options)


def test_without_a_length_nothing_of_a_clip_is_lost():
    clip = np.random.default_rng(0).normal(scale=0.1, size=4001).astype("float32")
    options = replace(NOTHING, time_shift=0.01)
    for seed in range(5):
        changed = SoundAugmentation(options, RATE, None)(clip, 0, seed)
        zeros = len(changed) - len(clip)
        start = 0 if zeros and changed[-1] == 0 else zeros
        assert zeros <= 0.01 * RATE
        np.testing.assert_array_equal(changed[start : start + len(clip)], clip)
    noisy = SoundAugmentation(
        replace(NOTHING, noise_share=1, snr_low=10, snr_high=10, colour=6), RATE, None, [clip[:100]]
    )
    made = [noisy.change(clip[:size], np.random.default_rng(1)) for size in (4001, 3000)]
    assert [len(one) for one in made] == [4001, 3000] and made[0].dtype == np.float32
    faster = SoundAugmentation(replace(NOTHING, speed_change=0.1), RATE, None)
    lengths = {len(faster(clip, 0, row)) for row in range(20)}
    assert 4001 / 1.11 < min(lengths) < max(lengths) < 4001 / 0.89
