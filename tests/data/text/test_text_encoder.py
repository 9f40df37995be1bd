import logging

import numpy as np
import pytest

from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.text_encoder import TextEncoder
from rnnapps.errors import UsageError


@pytest.fixture(scope="module")
def texts(sentences):
    return [row["text"] for row in sentences]


@pytest.fixture(scope="module")
def encoder(texts):
    return TextEncoder.learn(texts, TextConfig(vocabulary=600, max_length=8, lowercase=False))


def test_learning_is_deterministic(texts, encoder):
    again = TextEncoder.learn(texts, encoder.config)
    assert again.tokenizer.to_str() == encoder.tokenizer.to_str()


def test_any_utf8_text_comes_back(encoder):
    for text in ("plain", "Ça va — 良い 👍🏽 مرحبا", "tab\tand\nline", "a" * 50):
        ids, encoding, _ = encoder.encode_text(text)
        assert 0 not in ids  # 0 is the padding
        assert encoder.tokenizer.decode(encoding.ids).removeprefix(" ") == text


def test_a_text_may_say_what_the_padding_is_called(encoder, tmp_path):
    encoder.save(tmp_path / "tokenizer.json")
    for one in (encoder, TextEncoder.load(tmp_path / "tokenizer.json", encoder.config)):
        ids, _, _ = one.encode_text("<pad> it")
        assert 0 not in ids
        assert 0 not in one.encode(["<pad> it"])[0]


def test_saved_and_loaded_encodes_the_same(texts, encoder, tmp_path):
    encoder.save(tmp_path / "tokenizer.json")
    loaded = TextEncoder.load(tmp_path / "tokenizer.json", encoder.config)
    for ours, theirs in zip(encoder.encode(texts), loaded.encode(texts), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert loaded.size == encoder.size == 600


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("head", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("tail", [12, 13, 14, 15, 16, 17, 18, 19]),
        ("head-tail", [0, 1, 14, 15, 16, 17, 18, 19]),
    ],
)
def test_policies_for_long_texts(encoder, policy, kept):
    config = TextConfig(max_length=8, long_texts=policy)
    assert TextEncoder(encoder.tokenizer, config).kept(20).tolist() == kept
    assert TextEncoder(encoder.tokenizer, config).kept(8).tolist() == list(range(8))


def test_cut_texts_are_counted_in_the_log(encoder, caplog):
    with caplog.at_level(logging.INFO):
        sequences = encoder.encode(["short", "long " * 40, "longer " * 50], "texts")
    assert [len(sequence) for sequence in sequences[1:]] == [8, 8]
    assert "2 of 3 texts are longer than 8 tokens: kept the first 2 and the last 6" in caplog.text


def test_wrong_values_name_the_flag():
    with pytest.raises(UsageError, match="--vocabulary must be at least 300"):
        TextConfig(vocabulary=10)
    with pytest.raises(UsageError, match="--max-length must be at least 4"):
        TextConfig(max_length=0)
    with pytest.raises(UsageError, match="--bpe-dropout"):
        TextConfig(bpe_dropout=1.0)
