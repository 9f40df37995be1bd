import numpy as np
import pytest

from rnnapps.data.text.embeddings import read_embeddings
from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.errors import UserError


@pytest.fixture(scope="module")
def encoder():
    return TextEncoder.learn(["good good bad film"] * 5, TextConfig(vocabulary=300))


@pytest.mark.parametrize("head", ["", "3 3\n", "a word with spaces 7 7 7\n"])
def test_words_of_the_file_take_their_vectors(tmp_path, encoder, head):
    file = tmp_path / "vectors.txt"
    file.write_text(head + "good 1 2 3\nunheard 7 8 9\nbad 4 5 6\n")
    matrix = read_embeddings(str(file), encoder.tokenizer, size=3, seed=1)
    assert matrix.shape == (encoder.size, 3)
    assert matrix.dtype == np.float32
    (good,), (bad,) = encoder.encode(["good", "bad"])
    assert matrix[[good, bad]].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert matrix.std() < 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("good 1 2\n", ":1: a vector of 2 numbers, but --embedding-size is 3"),
        ("good 1 2 x\n", "not a text file of word vectors"),
        ("unheard 1 2 3\n", "none of the 268 tokens has a vector"),
    ],
)
def test_bad_files(tmp_path, encoder, content, message):
    file = tmp_path / "vectors.txt"
    file.write_text(content)
    with pytest.raises(UserError, match=message):
        read_embeddings(str(file), encoder.tokenizer, size=3, seed=1)


def test_missing_file(encoder):
    with pytest.raises(UserError, match=r"nowhere.txt: no such file of word vectors"):
        read_embeddings("nowhere.txt", encoder.tokenizer, size=3, seed=1)
