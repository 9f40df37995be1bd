"""The best path against a plain one, frame by frame."""

import itertools

import numpy as np
import pytest
from ctc_enumeration import all_paths, log_softmax, random_logits, with_blank_frames

from rnnapps.decoding import ctc_best_path


def test_it_is_the_likeliest_of_all_paths():
    logits = random_logits(0, 20, 5, 3)
    found = ctc_best_path(logits)
    lengths = set()
    for i, row in enumerate(log_softmax(logits)):
        value, path, text = max((*best, text) for text, of in all_paths(row).items() for best in of)
        assert found.tokens[i, : found.lengths[i]].tolist() == list(text)
        assert not found.tokens[i, found.lengths[i] :].any()
        np.testing.assert_allclose(found.log_probabilities[i], value, rtol=1e-5)
        runs = [list(run) for _, run in itertools.groupby(range(5), path.__getitem__)]
        for j, frames in enumerate(run for run in runs if path[run[0]]):
            assert (found.first[i, j], found.last[i, j]) == (frames[0], frames[-1])
            confidence = np.exp(row[frames, path[frames[0]]].max())
            np.testing.assert_allclose(found.confidences[i, j], confidence, rtol=1e-5)
        lengths.add(len(text))
    assert lengths >= {1, 2, 3}


def test_a_text_of_repetitions():
    path = np.array([[0, 2, 2, 0, 2, 1, 1], [0] * 7])
    found = ctc_best_path(np.log(np.eye(3) * 0.9 + 0.05)[path])
    assert found.tokens.tolist() == [[2, 2, 1], [0, 0, 0]]
    assert found.lengths.tolist() == [3, 0]
    assert found.first.tolist() == [[1, 4, 5], [0, 0, 0]]
    assert found.last.tolist() == [[2, 4, 6], [0, 0, 0]]
    np.testing.assert_allclose(found.confidences, [[0.95 / 1.05] * 3, [0] * 3], rtol=1e-5)
    assert [field.dtype for field in found] == ["int32"] * 2 + ["float32"] + ["int32"] * 2 + ["float32"]


def test_frames_behind_the_end_change_nothing():
    logits = random_logits(1, 4, 6, 5)
    for one, other in zip(
        ctc_best_path(logits), ctc_best_path(with_blank_frames(logits, 3)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_no_text_at_all():
    found = ctc_best_path(with_blank_frames(random_logits(0, 2, 1, 3), 2)[:, 1:])
    assert found.tokens.shape == (2, 0) and found.lengths.tolist() == [0, 0]
    assert found.log_probabilities.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (np.zeros((3, 4)), r"the shape of the logits must be \(batch, time, classes\)"),
        (np.zeros((3, 0, 4)), "the shape of the logits must be"),
        (np.zeros((3, 4, 1)), "of 2 classes or more"),
        (np.zeros((0, 3, 4)), "the shape of the logits must be"),
        (np.full((1, 2, 3), np.nan), "logits must be numbers, or -inf, not 'NaN or infinity'"),
        (np.full((1, 2, 3), np.inf), "logits must be numbers, or -inf, not 'NaN or infinity'"),
    ],
)
def test_wrong_logits(logits, message):
    with pytest.raises(ValueError, match=message):
        ctc_best_path(logits)
