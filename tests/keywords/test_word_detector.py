"""Words in made-up probabilities."""

import numpy as np

from rnnapps.keywords.config import DetectionConfig
from rnnapps.keywords.stream import WordDetector

HOP = 0.1


def detect(rows, **options):
    """The times of "yes" in rows of its probability, the rest being silence."""
    config = DetectionConfig(**{"threshold": 0.8, "smoothing": HOP, "refractory": 0} | options)
    detector = WordDetector(("_silence_", "yes"), HOP, config)
    found = detector.push([((n + 1) * HOP, np.array([1 - p, p])) for n, p in enumerate(rows)])
    assert {word.word for word in found} <= {"yes"}
    return [round(word.time, 3) for word in found]


def test_a_long_word_is_one_detection():
    assert detect([0, 0.9, 0.9, 0.9, 0, 0.9]) == [0.2, 0.6]
    assert detect([0.79] * 5) == []
    assert detect([0.5] * 3, threshold=0.5) == [0.1]


def test_an_average_has_to_reach_the_threshold():
    rows = [0, 0, 1, 0, 0, 1, 1, 1, 0]
    assert detect(rows, smoothing=3 * HOP) == [0.8]
    assert detect(rows) == [0.3, 0.6]


def test_after_a_detection_there_is_a_rest():
    rows = [1, 0, 1, 0, 0, 0, 1]
    assert detect(rows) == [0.1, 0.3, 0.7]
    assert detect(rows, refractory=0.35) == [0.1, 0.7]


def test_another_word_may_follow_at_once_and_some_classes_are_no_words():
    config = DetectionConfig(threshold=0.5, smoothing=0, refractory=0)
    detector = WordDetector(("no", "_unknown_", "yes"), HOP, config)
    rows = [[0.9, 0.1, 0], [0, 0.1, 0.9], [0, 1, 0], [0.2, 0.7, 0.1]]
    found = [detector.push([(n, np.array(row))]) for n, row in enumerate(rows)]
    assert [[word.word for word in some] for some in found] == [["no"], ["yes"], [], []]
    assert found[1][0].score == 0.9
    assert found[1][0].to_dict() == {"time": 1, "word": "yes", "score": 0.9}
