"""Frames of sound and of its padding."""

import keras
import numpy as np
import pytest

from rnnapps.layers import LogMel, RealFrames, compiled_stream


def test_zeros_behind_the_last_sound_are_padding_but_for_the_tail():
    samples = np.zeros((4, 40), "float32")
    samples[0, 3] = 1
    samples[1, [0, 24]] = -1
    samples[2, 34] = 1
    real = keras.ops.convert_to_numpy(RealFrames(5)(samples))
    assert real.sum(axis=1).tolist() == [1, 5, 7, 0] and real[1].tolist() == [True] * 5 + [False] * 3
    tailed = keras.ops.convert_to_numpy(RealFrames(5, tail=2)(samples))
    assert tailed.sum(axis=1).tolist() == [3, 7, 8, 2]
    headed = keras.ops.convert_to_numpy(RealFrames(5, tail=2, head=3)(samples))
    np.testing.assert_array_equal(headed, tailed & (np.arange(8) >= 3))
    layer = RealFrames.from_config(RealFrames(5, tail=2).get_config())
    inputs = keras.Input((None,))
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(model.predict_on_batch(samples[:, :-3]), tailed[:, :-1])


@pytest.mark.parametrize("options", [{"hop": 0}, {"hop": 5, "tail": -1}, {"hop": 5, "head": -1}])
def test_numbers_that_make_no_frames_are_refused(options):
    with pytest.raises(ValueError, match="expected at least 1, 0 and 0"):
        RealFrames(**options)


def test_several_hops_are_one_step_of_a_stream():
    """Three frames of the spectrogram become one time step, as neighbours or as channels."""
    samples = np.random.default_rng(0).normal(size=(2, 960)).astype("float32")
    inputs = keras.Input((None,))
    x = LogMel(8000, 0.032, 0.01, 24)(inputs)
    x = keras.layers.Reshape((-1, 3, 24))(x)
    x = keras.layers.Permute((1, 3, 2))(x)
    model = keras.Model(inputs, keras.layers.Reshape((-1, 72))(x))
    whole = keras.ops.convert_to_numpy(model(samples))
    start, step = compiled_stream(model)
    state = start(2)
    for number in range(4):
        frame, state = step(samples[:, 240 * number : 240 * (number + 1)], state)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(frame), whole[:, number], atol=1e-4)
    over_time = keras.Model(inputs, keras.layers.Permute((2, 1))(LogMel(8000, mels=24)(inputs)))
    with pytest.raises(ValueError, match=r"\(Permute\) has no step"):
        compiled_stream(over_time)
