import json

import numpy as np
import pytest

from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.text_encoder import TextEncoder

CONFIG = TextConfig(tokens="words", max_length=8)
TEXTS = ["A good film, isn't it?", "A good day... once"]


@pytest.fixture(scope="module")
def encoder():
    return TextEncoder.learn(TEXTS, CONFIG, known=["day", "night"])


def tokens(encoder, text):
    return [encoder.tokenizer.id_to_token(number) for number in encoder.tokenizer.encode(text).ids]


def test_words_that_come_twice_or_are_known_are_tokens(encoder):
    vocabulary = encoder.tokenizer.get_vocab()
    assert sorted(vocabulary, key=vocabulary.get) == ["<pad>", "<unk>", "a", "good", "day", "night"]
    assert tokens(encoder, "A good Night once") == ["a", "good", "night", "<unk>"]
    assert TextEncoder.learn(TEXTS, TextConfig(tokens="words", vocabulary=300)).size == 4
    assert not encoder.has_subwords


def test_cut_as_the_words_of_pretrained_vectors_are():
    text = "Don\u2019t say it's 40gb :) ... mp3-player, 映画"
    cut = ["do", "n't", "say", "it", "'s", "40gb", ":)", "...", "mp3", "-", "player", ",", "映", "画"]
    encoder = TextEncoder.learn([text] * 2, CONFIG)
    assert tokens(encoder, text) == cut
    _, encoding, kept = encoder.encode_text(text)
    assert [text[slice(*encoding.offsets[number])] for number in kept[:2]] == ["Do", "n\u2019t"]


def test_a_text_never_says_padding(encoder):
    assert 0 not in encoder.encode(["<pad> <unk>"])[0]


def test_saved_and_loaded_encodes_the_same(encoder, tmp_path):
    encoder.save(tmp_path / "tokenizer.json")
    loaded = TextEncoder.load(tmp_path / "tokenizer.json", CONFIG)
    np.testing.assert_array_equal(loaded.encode(TEXTS)[0], encoder.encode(TEXTS)[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["pre_tokenizer"].update(pattern={"Regex": "(a|a)*$"}),
        lambda one: one["normalizer"]["normalizers"][0].update(content="x" * 10**5),
        lambda one: one["model"].update(unk_token="nowhere"),
        lambda one: one["model"]["vocab"].pop("<unk>"),
        lambda one: one["model"]["vocab"].update(more=10**9),
        lambda one: one["model"].update(merges=[]),
    ],
)
def test_only_such_files_are_read(encoder, tmp_path, change):
    encoder.save(tmp_path / "tokenizer.json")
    altered = json.loads((tmp_path / "tokenizer.json").read_text())
    change(altered)
    (tmp_path / "tokenizer.json").write_text(json.dumps(altered))
    with pytest.raises(ValueError, match="tokenizer.json"):
        TextEncoder.load(tmp_path / "tokenizer.json", CONFIG)
