import numpy as np
import pytest

from rnnapps.evaluation.caption_baselines import (
    consensus_caption,
    most_frequent_caption,
    nearest_captions,
)


def test_most_frequent_caption_counts_tokens_and_answers_as_written():
    captions = [["A dog.", "a cat"], ["A cat .", "two birds"], ["a dog", "one bird", "A DOG!"]]
    assert most_frequent_caption(captions) == "A dog."
    assert most_frequent_caption([["b", "a"], ["a", "b"]]) == "b"


def test_consensus_caption():
    captions = ["Beautiful!", "a dog runs on grass", "a brown dog runs", "the dog on the grass", "a dog"]
    assert consensus_caption(captions) == "a dog runs on grass"
    assert consensus_caption(["first", "second"]) == "first"
    assert consensus_caption(["...", "a dog"]) == "a dog"  # one without words agrees with none
    assert consensus_caption(["only"]) == "only"


def test_nearest_captions_by_the_angle():
    train = np.array([[1, 0], [0, 5], [3, 3], [0, 0]])
    captions = [["right"], ["up"], ["between"], ["nothing"]]
    test = np.array([[100, 1], [0.1, 0.2], [-1, 2], [2, 1.5]])
    assert nearest_captions(train, captions, test) == ["right", "between", "up", "between"]
    assert nearest_captions(train, captions, test[:0]) == []
    assert nearest_captions(train, captions, np.zeros((1, 2))) == ["right"]  # like none: the first


def test_nearest_captions_in_blocks(monkeypatch):
    random = np.random.default_rng(0)
    train, test = random.normal(size=(50, 8)), random.normal(size=(23, 8)).astype("float16")
    captions = [[f"picture {number}"] for number in range(50)]
    whole = nearest_captions(train, captions, test)
    cosines = (test / np.linalg.norm(test, axis=1)[:, None]) @ (
        train / np.linalg.norm(train, axis=1)[:, None]
    ).T
    assert whole == [f"picture {number}" for number in cosines.argmax(axis=1)]
    monkeypatch.setattr("rnnapps.evaluation.caption_baselines.CELLS", 7 * 50)
    assert nearest_captions(train, captions, test) == whole
    assert nearest_captions(train, captions, train) == [row[0] for row in captions]


def test_pictures_without_captions():
    with pytest.raises(ValueError, match="2 training pictures and 1 lists of captions"):
        nearest_captions(np.ones((2, 3)), [["a"]], np.ones((1, 3)))
