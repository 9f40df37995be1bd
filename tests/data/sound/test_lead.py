"""The quiet in front of what is said."""

import numpy as np
import pytest

from rnnapps.data.sound.lead import lead

RATE = 8000


def spoken(begin, seconds=1.0):
    """Faint noise, and from `begin` seconds on a tone."""
    sound = np.random.default_rng(0).normal(scale=1e-3, size=round(seconds * RATE))
    time = np.arange(len(sound)) / RATE
    return sound + 0.3 * np.sin(2000 * time) * (time >= begin)


@pytest.mark.parametrize(("begin", "expected"), [(0.7, 0.5), (0.21, 0.0), (0.0, 0.0)])
def test_it_ends_before_the_first_sound(begin, expected):
    assert lead(spoken(begin), RATE) == pytest.approx(expected * RATE, abs=0.02 * RATE)


def test_sounds_without_a_beginning_have_none():
    assert lead(np.zeros(4000), RATE) == 0
    assert lead(np.ones(3), RATE) == 0
