import numpy as np
import pytest

from rnnapps.data.text.bpe_dropout import BPEDropout
from rnnapps.data.text.text_config import TextConfig
from rnnapps.data.text.text_encoder import TextEncoder


@pytest.fixture(scope="module")
def texts(sentences):
    return [row["text"] for row in sentences[:200]]


@pytest.fixture(scope="module")
def encoder(texts):
    return TextEncoder.learn(texts, TextConfig(vocabulary=600))


def test_without_dropout_it_is_the_library_s_encoding(texts, encoder):
    for ours, theirs in zip(BPEDropout(encoder, texts, 0.0, 1)(0), encoder.encode(texts), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_epochs_differ_and_say_the_same(texts, encoder):
    sample = BPEDropout(encoder, texts, 0.2, seed=1)
    first, second = sample(0), sample(1)
    assert any(a.tolist() != b.tolist() for a, b in zip(first, second, strict=True))
    decode = encoder.tokenizer.decode
    for a, b in zip(first, second, strict=True):
        assert decode(a.tolist()) == decode(b.tolist())
    assert sum(map(len, first)) > sum(map(len, encoder.encode(texts)))


def test_seed_and_epoch_determine_it(texts, encoder):
    one, two = BPEDropout(encoder, texts, 0.2, seed=3), BPEDropout(encoder, texts, 0.2, seed=3)
    one(0)
    for a, b in zip(one(5), two(5), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_very_long_word_takes_the_library_s_encoding(encoder):
    text = "aha" * 30_000
    np.testing.assert_array_equal(
        BPEDropout(encoder, [text], 0.2, seed=1)(0)[0], encoder.encode([text])[0]
    )


def test_length_limit_holds(texts, encoder):
    short = TextEncoder(encoder.tokenizer, TextConfig(max_length=10))
    assert max(map(len, BPEDropout(short, texts, 0.5, seed=1)(0))) == 10
