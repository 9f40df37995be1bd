"""Detections in made-up probabilities."""

import numpy as np

from rnnapps.decoding.detector import Detector

HOP = 0.1


def detect(rows, **options):
    """The times and classes detected in rows of the probability of class 1, of 0 being the rest."""
    detector = Detector(HOP, [1], **{"smoothing": HOP, "refractory": 0} | options)
    found = (detector.push((n + 1) * HOP, np.array([1 - share, share])) for n, share in enumerate(rows))
    return [(round(one.time, 3), one.number) for one in found if one]


def test_a_long_word_is_one_detection():
    assert detect([0, 0.9, 0.9, 0.9, 0, 0.9]) == [(0.2, 1), (0.6, 1)]
    assert detect([0.79] * 5) == []
    assert detect([0.5] * 3, threshold=0.5) == [(0.1, 1)]


def test_an_average_has_to_reach_the_threshold():
    rows = [0, 0, 1, 0, 0, 1, 1, 1, 0]
    assert detect(rows, smoothing=3 * HOP) == [(0.8, 1)]
    assert detect(rows) == [(0.3, 1), (0.6, 1)]


def test_after_a_detection_there_is_a_rest():
    rows = [1, 0, 1, 0, 0, 0, 1]
    assert detect(rows) == [(0.1, 1), (0.3, 1), (0.7, 1)]
    assert detect(rows, refractory=0.35) == [(0.1, 1), (0.7, 1)]


def test_another_word_may_follow_at_once_and_some_classes_do_not_count():
    detector = Detector(HOP, [0, 2], threshold=0.5, smoothing=0, refractory=0)
    rows = [[0.9, 0.1, 0], [0, 0.1, 0.9], [0, 1, 0], [0.2, 0.7, 0.1]]
    found = [detector.push(n, row) for n, row in enumerate(rows)]
    assert [one and one.number for one in found] == [0, 2, None, None]
    assert found[1].score == 0.9
