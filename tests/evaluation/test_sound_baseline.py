"""The baseline learns spoken digits from their spectrograms."""

import numpy as np
from scipy.fft import idct

from rnnapps import datasets
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.data.sound.window import sound_window
from rnnapps.evaluation.sound_baseline import mfcc_baseline, mfcc_statistics
from rnnapps.layers import LogMel


def test_statistics_of_known_coefficients():
    coefficients = np.zeros((1, 3, 40))
    coefficients[0, :, 1] = [0, 2, 4]  # rises by 2
    found = mfcc_statistics(idct(coefficients, axis=2, norm="ortho"))
    assert found.shape == (1, 80) and found.dtype == np.float32
    mean, deviation, delta, varies = found[0].reshape(4, 20)
    assert (mean[1], delta[1]) == (2, 2)
    np.testing.assert_allclose([deviation[1], varies[1]], [np.std([0, 2, 4]), 0], atol=1e-6)
    assert np.abs(np.delete(found[0], [1, 21, 41])).max() < 1e-6


def test_it_learns_from_real_clips():
    clips = read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]
    words = sorted({clip.word for clip in clips})
    x = np.asarray(LogMel(8000)(np.stack([sound_window(clip.samples, 8000) for clip in clips])))
    y = np.array([words.index(clip.word) for clip in clips])
    rows = np.random.default_rng(0).permutation(300)
    train, valid, test = rows[:200], rows[200:240], rows[240:]
    name, predicted = mfcc_baseline((x[train], y[train]), (x[valid], y[valid]), x[test])
    assert (predicted == y[test]).mean() > 0.7
    assert "SVM with radial kernel (C=" in name
