"""Log-mel spectrograms of spoken digits, against NumPy's transform and Keras's mel matrix."""

import keras
import numpy as np
import pytest
from gradients import differentiate

from rnnapps import datasets
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.layers import LogMel

TIME = 5_300  # samples: 33 hops of 160, and 20 more
COMPILED = {"tensorflow": "xla", "jax": "graph", "torch": "eager"}[keras.backend.backend()]


@pytest.fixture(scope="module")
def clips():
    """Clips of three speakers, float32 `(3, TIME)`; the second is shorter and padded."""
    words = read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]
    long = [clip.samples for clip in words if len(clip.samples) >= TIME]
    short = next(clip.samples for clip in words if len(clip.samples) < TIME)
    rows = [long[0][:TIME], np.pad(short, (0, TIME - len(short))), long[-1][:TIME]]
    return np.stack(rows)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def by_hand(samples, rate, frame, hop, mels, low, high, eps=1e-6):
    """The equation of the docstring, frame by frame, in float64."""
    size = 2 ** int(np.ceil(np.log2(frame)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    matrix = keras.layers.MelSpectrogram().linear_to_mel_weight_matrix(
        mels, size // 2 + 1, rate, low, high
    )
    padded = np.pad(samples.astype("float64"), (frame - hop, 0))
    rows = [
        np.abs(np.fft.rfft(padded[start : start + frame] * window, size)) ** 2 @ array(matrix)
        for start in range(0, len(padded) - frame + 1, hop)
    ]
    return np.log(np.array(rows) + eps)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (320, 160, 40, 20, 4000)),
        ({"frame_seconds": 0.025, "hop_seconds": 0.01, "mels": 20}, (200, 80, 20, 20, 4000)),
        ({"frame_seconds": 0.02, "low": 125, "high": 3800, "mels": 30}, (160, 160, 30, 125, 3800)),
    ],
    ids=["default", "frames of two and a half hops", "frames of one hop"],
)
def test_against_numpy(clips, options, shape):
    mels = array(LogMel(8000, **options)(clips))
    for ours, samples in zip(mels, clips, strict=True):
        np.testing.assert_allclose(ours, by_hand(samples, 8000, *shape), atol=2e-4)


def test_at_16_khz(clips):
    expected = by_hand(clips[0], 16000, 640, 320, 40, 20, 8000)
    np.testing.assert_allclose(array(LogMel(16000)(clips))[0], expected, atol=2e-4)


@pytest.mark.parametrize("frame", [0.02, 0.025, 0.04])
def test_a_stream_gives_the_same_frames(clips, frame):
    layer = LogMel(8000, frame_seconds=frame)
    whole = array(layer(clips))
    state = layer.start(len(clips))
    for k in range(TIME // layer.hop):
        mels, state = layer.step(clips[:, k * layer.hop : (k + 1) * layer.hop], state)
        np.testing.assert_allclose(array(mels), whole[:, k], atol=1e-5)
    assert k + 1 == whole.shape[1] == 33
    assert state.shape == (3, layer.frame_length - layer.hop)


def test_what_comes_later_changes_nothing(clips):
    """Keras's MelSpectrogram moves by decibels here."""
    layer = LogMel(8000)
    louder = clips.copy()
    louder[:, 3200:] = np.sign(louder[:, 3200:])
    before, after = array(layer(clips)), array(layer(louder))
    np.testing.assert_allclose(after[:, :20], before[:, :20], atol=1e-6)
    assert (after[:, 21:] - before[:, 21:]).mean() > 1


def test_gradients_and_compilation(clips):
    layer = LogMel(8000)
    layer.build(clips.shape)
    expected = array(layer(clips))

    def mean(samples):
        mels = layer(samples)
        return keras.ops.mean(mels), [mels]

    silent = np.concatenate([clips, np.zeros((1, TIME), "float32")])
    (mels,), (gradient,) = differentiate(mean, [silent], layer, COMPILED)
    np.testing.assert_allclose(mels[:3], expected, atol=1e-5)
    np.testing.assert_allclose(mels[3], np.log(1e-6), rtol=1e-6)
    assert np.isfinite(gradient).all()
    assert gradient[0].any()
    assert not gradient[:, 33 * 160 :].any()  # what is left over is in no frame

    direction = np.random.default_rng(0).normal(size=TIME)
    there, back = (
        by_hand(clips[0] + move * direction, 8000, 320, 160, 40, 20, 4000).mean()
        for move in (1e-7, -1e-7)
    )
    assert 4 * gradient[0] @ direction == pytest.approx((there - back) / 2e-7, rel=1e-3)


def test_mask_marks_the_frames_without_padding(clips):
    layer = LogMel(8000)
    mask = np.arange(TIME) < np.array([[TIME], [1600], [1599]])
    frames = array(layer.compute_mask(clips, keras.ops.convert_to_tensor(mask)))
    assert frames.sum(axis=1).tolist() == [33, 10, 9]
    assert frames[1, :10].all()
    assert layer.compute_mask(clips) is None
    np.testing.assert_array_equal(array(layer(clips, mask=mask))[frames], array(layer(clips))[frames])
    silent = array(layer(clips * mask))
    np.testing.assert_array_equal(array(layer(clips, mask=mask)), silent)


def test_half_precision_computes_in_float32(clips):
    expected = array(LogMel(8000)(clips))
    mels = LogMel(8000, dtype="mixed_float16")(clips)
    assert keras.backend.standardize_dtype(mels.dtype) == "float32"
    np.testing.assert_allclose(array(mels), expected, atol=1e-5)


def test_saved_in_a_model_of_any_length(clips, tmp_path):
    inputs = keras.Input((None,))
    layer = LogMel(8000, 0.03, 0.01, 24, 60.0, 3800.0, 1e-5)
    mels = layer(inputs)
    assert (mels.shape, mels.dtype) == ((None, None, 24), "float32")
    assert layer(keras.Input((TIME,))).shape == (None, 66, 24)
    model = keras.Model(inputs, mels)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.layers[-1].get_config() == layer.get_config()
    assert copy.weights == []
    np.testing.assert_allclose(array(copy(clips)), array(model(clips)), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hop_seconds": 0.05}, "frames of 320 samples every 400"),
        ({"hop_seconds": 0.0}, "every 0"),
        ({"mels": 0}, "at least one band"),
        ({"eps": 0.0}, "eps above 0"),
        ({"high": 4001.0}, "bands from 20 to 4001 Hz"),
        ({"low": 3000.0, "high": 300.0}, "0 <= low < high"),
        ({"mels": 200}, "of 200 bands have no frequency"),
    ],
)
def test_what_is_not_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        LogMel(8000, **options)


def test_samples_that_are_not_allowed(clips):
    with pytest.raises(ValueError, match="int16: expected floats"):
        LogMel(8000)((clips * 32767).astype("int16"))
    with pytest.raises(ValueError, match="100 samples are less than"):
        LogMel(8000)(clips[:, :100])
