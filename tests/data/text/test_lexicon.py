"""Files of words."""

import pytest

from rnnapps.data.text import lexicon
from rnnapps.data.text.lexicon import read_lexicon
from rnnapps.errors import UserError


def test_each_word_once_in_its_order(tmp_path):
    file = tmp_path / "words.txt"
    file.write_bytes("\ufeffzebra\r\nÄpfel\r\n\r\n zebra \r\ndon't\r\n".encode())
    assert read_lexicon(file) == ["zebra", "Äpfel", "don't"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "words.txt: no words in it: a lexicon has one word in a line"),
        (b"\n \n", "words.txt: no words in it"),
        (b"one\ntwo words\n", "words.txt:2: 2 words, 'two words': a lexicon has one word in a line"),
        (b"one\n" + b"x" * 101, "words.txt:2: a word of 101 characters: at most 100 are possible"),
        (b"one\nb\xe4r\n", "words.txt:2: not UTF-8"),
        (b"%PDF-1.4", "words.txt: this is a PDF file"),
    ],
)
def test_what_is_no_lexicon(tmp_path, content, message):
    file = tmp_path / "words.txt"
    file.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_lexicon(file)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_too_many_words(tmp_path, monkeypatch):
    monkeypatch.setattr(lexicon, "MOST_WORDS", 3)
    file = tmp_path / "words.txt"
    file.write_text("a\nb\nc\na\n")
    assert len(read_lexicon(file)) == 3
    file.write_text("a\nb\nc\nd\n")
    with pytest.raises(
        UserError, match="4 words, of which at most 3 are possible: keep the most frequent"
    ):
        read_lexicon(file)
