import numpy as np
import pytest

from rnnapps import datasets
from rnnapps.data.tables import read_table
from rnnapps.data.text.bpe_dropout import BPEDropout
from rnnapps.data.text.pair_batches import PairBatches
from rnnapps.data.text.sentence_encoder import END, START, SentenceEncoder
from rnnapps.data.text.words import words

ANY = [  # none of these scripts and signs was learnt
    "Où est-ce qu'il a « mal » ?",
    "Это не моя вина.",
    "猫がマットの上に座った。",
    "กรุณาพูดช้าๆ",
    "الكتاب على الطاولة",
    "a  b </s> <pad> \u2028 $5\t🙂 e\u0301",
]


@pytest.fixture(scope="module")
def french():
    return [row.fields["fr"] for row in read_table(datasets.path("translation/en-fr.tsv.xz"))][::100]


@pytest.fixture(scope="module")
def encoder(french):
    return SentenceEncoder.learn(french, 600)


def test_decoding_gives_the_very_sentence(encoder, french):
    sentences = french + ANY
    for sentence, ids in zip(sentences, encoder.encode(sentences), strict=True):
        assert ids.dtype == "int32" and ids[-1] == END and (ids[:-1] > END).all()
        assert encoder.decode(ids) == sentence


def test_it_is_saved_and_loaded(encoder, tmp_path):
    encoder.save(tmp_path / "tokenizer.json")
    loaded = SentenceEncoder.load(tmp_path / "tokenizer.json")
    assert loaded.size == encoder.size == 600
    for before, after in zip(encoder.encode(ANY), loaded.encode(ANY), strict=True):
        np.testing.assert_array_equal(before, after)


def test_words_are_those_that_people_see(encoder):
    def seen(sentence):
        return [word for word, _ in words(encoder.tokenizer, encoder.encode([sentence])[0].tolist())]

    assert seen("Où est-ce qu'il a « mal » ?") == (
        ["Où", "est", "-", "ce", "qu", "'", "il", "a", "«", "mal", "»", "?", "</s>"]
    )
    assert seen("Это не моя вина.") == ["Это", "не", "моя", "вина", ".", "</s>"]
    assert seen("الكتاب على الطاولة") == ["الكتاب", "على", "الطاولة", "</s>"]
    assert seen("猫がマット。") == ["猫", "が", "マ", "ッ", "ト", "。", "</s>"]
    assert "".join(seen("กรุณา")) == "กรุณา</s>" and len(seen("กรุณา")) == 6


def test_every_token_is_in_one_word(encoder):
    for sentence in ANY:
        ids = encoder.encode([sentence])[0].tolist()
        positions = [position for _, some in words(encoder.tokenizer, ids) for position in some]
        assert positions == list(range(len(ids)))


def test_subwords_skipped_at_random_end_too(encoder, french):
    sample = BPEDropout(encoder, french, 0.2, seed=1)
    first, second = sample(0), sample(1)
    assert any(a.tolist() != b.tolist() for a, b in zip(first, second, strict=True))
    for ids, sentence in zip(first, french, strict=True):
        assert ids[-1] == END and encoder.decode(ids) == sentence


def test_batches_of_pairs_force_the_teacher(encoder, french):
    ids = encoder.encode(french)
    pairs = list(zip(ids[::-1], ids, strict=True))
    batches = PairBatches(pairs, batch_size=16, seed=3)
    seen = []
    for (source, tokens), targets, weights in batches.epoch(0):
        assert source.shape == tokens.shape == targets.shape == weights.shape
        for row in range(len(source)):
            length = int(weights[row].sum())
            assert (weights[row, :length] == 1).all() and (targets[row, length:] == 0).all()
            assert targets[row, length - 1] == END and tokens[row, 0] == START
            np.testing.assert_array_equal(tokens[row, 1:length], targets[row, : length - 1])
            seen.append((source[row][source[row] > 0].tolist(), targets[row, :length].tolist()))
    assert sorted(seen) == sorted((a.tolist(), b.tolist()) for a, b in pairs)
    shapes = [batch[1].shape[1] for batch in batches.in_order_of_length()]
    assert shapes == sorted(shapes)
