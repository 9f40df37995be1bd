"""Recordings of spoken digits with pauses."""

import numpy as np

from rnnapps.data.sound.recordings import compose

RATE = 1000
CLIPS = [np.full(200 + 100 * number, 0.1 * (number + 1), "float32") for number in range(5)]
WORDS = list("abcde")


def test_every_clip_lies_where_it_is_said_to():
    samples, spoken = compose(CLIPS, WORDS, [], RATE, seed=1)
    assert samples.dtype == np.float32
    assert sorted(event.word for event in spoken) == WORDS
    assert [event.word for event in spoken] != WORDS
    end = 0.0
    for event in spoken:
        assert 0.5 <= event.start - end <= 2.51
        end = event.end
        first, last = round(event.start * RATE), round(event.end * RATE)
        np.testing.assert_array_equal(samples[first:last], CLIPS[WORDS.index(event.word)])
    assert len(samples) / RATE == end + 1
    quiet = samples[: round(spoken[0].start * RATE)]
    assert 0 < quiet.std() < 1e-3  # faint noise
    again, _ = compose(CLIPS, WORDS, [], RATE, seed=1)
    np.testing.assert_array_equal(again, samples)
    other, _ = compose(CLIPS, WORDS, [], RATE, seed=2)
    assert len(other) != len(samples)


def test_pauses_are_of_the_sounds_given():
    samples, spoken = compose(CLIPS, WORDS, [np.full(300, -0.5), np.full(5000, -0.7)], RATE)
    pause = samples[: round(spoken[0].start * RATE)]
    assert set(pause.tolist()) <= {-0.5, float(np.float32(-0.7))}
