"""Forced alignment against the enumeration of all paths."""

import numpy as np
import pytest
from ctc_enumeration import all_paths, log_softmax, random_logits, with_blank_frames

from rnnapps.decoding import ctc_alignment, ctc_best_path


def test_it_is_the_likeliest_path_of_every_text():
    row = random_logits(0, 1, 6, 3)
    texts = all_paths(log_softmax(row)[0])
    assert () in texts and (1, 1, 1) in texts and (1, 2, 1, 2, 1, 2) in texts
    lengths = np.array([len(text) for text in texts])
    tokens = np.full((len(texts), 6), 7)  # what is behind the length does not count
    for i, text in enumerate(texts):
        tokens[i, : len(text)] = text
    found = ctc_alignment(np.repeat(row, len(texts), axis=0), tokens, lengths)
    for i, (text, paths) in enumerate(texts.items()):
        value, path = max(paths)
        np.testing.assert_allclose(found.log_probabilities[i], value, rtol=1e-5)
        assert found.tokens[i, : len(text)].tolist() == list(text)
        edges = np.flatnonzero(np.diff(path, prepend=0, append=0))
        characters = [edge for edge in edges if edge < 6 and path[edge]]
        ends = [edge - 1 for edge in edges if edge and path[edge - 1]]
        assert found.first[i, : len(text)].tolist() == characters
        assert found.last[i, : len(text)].tolist() == ends
        for j, (start, end) in enumerate(zip(characters, ends, strict=True)):
            confidence = np.exp(log_softmax(row)[0, start : end + 1, text[j]].max())
            np.testing.assert_allclose(found.confidences[i, j], confidence, rtol=1e-5)
        for field in (found.tokens, found.first, found.last, found.confidences):
            assert not field[i, len(text) :].any()


def test_of_the_best_paths_text_it_is_the_best_path():
    logits = random_logits(1, 8, 40, 12)
    best = ctc_best_path(with_blank_frames(logits, 5))
    for one, other in zip(ctc_alignment(logits, best.tokens, best.lengths), best, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_empty_texts():
    logits = random_logits(2, 3, 4, 5)
    found = ctc_alignment(logits, np.zeros((3, 0), int), np.zeros(3, int))
    np.testing.assert_allclose(found.log_probabilities, log_softmax(logits)[..., 0].sum(1), rtol=1e-5)
    assert found.first.shape == (3, 0)


@pytest.mark.parametrize(
    ("tokens", "lengths", "message"),
    [
        ([[1, 2], [2, 2]], [2, 2], "row 1: no path of 2 frames gives its 2 tokens"),
        ([[1, 2], [1, 3]], [2, 2], "tokens must be classes, 0 to 2"),
        ([[1, 2], [1, 2]], [2, 3], "lengths must be from 0 to 2"),
        ([[1, 2], [1, 2]], [2], r"the shape of lengths must be \(2,\)"),
    ],
)
def test_wrong_texts(tokens, lengths, message):
    with pytest.raises(ValueError, match=message):
        ctc_alignment(random_logits(0, 2, 2, 3), np.array(tokens), np.array(lengths))
