"""Characters, bytes, words and subwords, there and back."""

import json

import pytest

from rnnapps.data.text.token_config import TokenConfig
from rnnapps.data.text.token_encoder import END, UNKNOWN, TokenEncoder
from rnnapps.errors import UsageError

TEXTS = [
    "Four score and seven years ago our fathers brought forth,\n  on this continent: a new nation.\n",
    "Ein Käse, \t naïve 我们 the people 🙂 of the United States.",
]


@pytest.mark.parametrize("tokens", ["characters", "bytes", "subwords"])
def test_every_text_comes_back(tokens, tmp_path):
    encoder = TokenEncoder.learn(TEXTS, TokenConfig(tokens=tokens, vocabulary=320))
    for text in TEXTS:
        ids = encoder.encode(text)
        assert ids.dtype == "int32" and ids.min() > UNKNOWN and ids.max() < encoder.size
        assert encoder.decode(ids) == text
    encoder.save(tmp_path)
    loaded = TokenEncoder.load(tmp_path, encoder.config)
    assert loaded.size == encoder.size and (loaded.encode(TEXTS[1]) == encoder.encode(TEXTS[1])).all()
    assert encoder.decode([END, *encoder.encode("new"), END]) == "new"
    if tokens != "characters":
        assert encoder.decode(encoder.encode("Ж — unseen <end>")) == "Ж — unseen <end>"


def test_words_are_those_of_penn_treebank():
    text = " mr. <unk> is chairman of n.v. \n no it was n't \n"
    encoder = TokenEncoder.learn([text], TokenConfig(tokens="words"))
    ids = encoder.encode(text)
    assert len(ids) == len(text.replace("\n", "<eos>").split()) == 12
    assert encoder.pieces(ids)[:3] == [" mr.", " <unk>", " is"] and encoder.pieces(ids)[-1] == "\n"
    assert encoder.decode(ids) == " mr. <unk> is chairman of n.v.\n no it was n't\n"
    assert ids[1] == UNKNOWN and encoder.encode("never seen").tolist() == [UNKNOWN] * 2
    assert "<unk>" not in encoder.known


def test_the_most_frequent_tokens_are_kept():
    encoder = TokenEncoder.learn(["a b b c c c"], TokenConfig(tokens="words", vocabulary=5))
    assert encoder.size == 5 and encoder.known == ["c", "b"]
    assert encoder.encode("a b c").tolist() == [UNKNOWN, 4, 3]
    with pytest.raises(UsageError, match="--vocabulary must be at least 300 with these tokens, got 20"):
        TokenConfig(vocabulary=20)


def test_half_a_character_is_shown_as_such():
    encoder = TokenEncoder.learn(TEXTS, TokenConfig(tokens="bytes"))
    ids = encoder.encode("é")
    assert len(ids) == 2 and encoder.pieces(ids) == ["\ufffd", "\ufffd"] and encoder.decode(ids) == "é"


@pytest.mark.parametrize(
    "content", ["{}", "[]", '["a", "a"]', '["a", 5]', '["ab"]', '["a"', '["a", ""]', "null"]
)
def test_a_vocabulary_from_anyone_is_checked(content, tmp_path):
    (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(ValueError, match=r"vocabulary\.json"):
        TokenEncoder.load(tmp_path, TokenConfig(tokens="characters"))


def test_a_vocabulary_is_a_list_of_tokens(tmp_path):
    (tmp_path / "vocabulary.json").write_text(json.dumps(["a", "b"]))
    assert TokenEncoder.load(tmp_path, TokenConfig(tokens="characters")).size == 5
