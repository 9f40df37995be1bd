"""Batches of pictures with several captions each, and what comes before them."""

import numpy as np
import pytest

from rnnapps.data.pictures.batches import CaptionBatches
from rnnapps.data.text.sentence_encoder import END, SPECIAL, START, SentenceEncoder
from rnnapps.data.text.word_vocabulary import UNKNOWN, learn_words
from rnnapps.data.text.words import words
from rnnapps.encoders.feature_cache import FeatureCache
from rnnapps.errors import UserError

TEXTS = ["A dog runs.", "A dog's ball - it is Jo's!", "well-known 'dogs' run", "A dog, a dog"]


def test_words_are_lower_cased_and_without_punctuation(tmp_path):
    encoder = SentenceEncoder(learn_words(TEXTS * 2, minimum=2, special=SPECIAL))
    vocabulary = encoder.tokenizer.get_vocab()
    assert [vocabulary[token] for token in (*SPECIAL, UNKNOWN)] == [0, 1, 2, 3]
    assert vocabulary["a"] == 4 and vocabulary["dog"] == 5  # by frequency
    assert {"dog's", "jo's", "well-known", "dogs", "run", "runs"} < set(vocabulary)
    encoder.save(tmp_path / "words.json")
    (ids,) = SentenceEncoder.load(tmp_path / "words.json").encode(["A ZEBRA, a dog's </s>!"])
    assert ids.tolist() == [4, 3, 4, vocabulary["dog's"], 3, END]  # "s" is rare
    assert encoder.decode([4, vocabulary["dog's"]]) == "a dog's"
    seen = ["a", UNKNOWN, "a", "dog's", UNKNOWN, "</s>"]
    assert words(encoder.tokenizer, ids.tolist()) == [(word, [n]) for n, word in enumerate(seen)]


def captions():
    return [
        [np.array([5, 6, END]), np.array([7, END])],
        [np.array([8, 3, 8, 8, 8, 8, 8, 8, 8, END])],
        [np.array([9, END]), np.array([10, END]), np.array([11, END])],
    ]


def test_a_batch_has_the_captions_of_a_picture_one_after_the_other():
    inputs = np.arange(12).reshape(3, 2, 2)
    batches = CaptionBatches(inputs, captions(), per_picture=2, batch_size=3, ignored_id=3)
    ((x, tokens), targets, weights) = next(batches.in_order_of_length())
    assert tokens.shape == targets.shape == weights.shape == (6, 12)
    order = [int(picture[0, 0]) // 4 for picture in x]
    assert order == [0, 2, 1]
    assert targets[:4, :3].tolist() == [[5, 6, END], [7, END, 0], [9, END, 0], [10, END, 0]]
    assert tokens[0, :3].tolist() == [START, 5, 6]
    assert weights[4].sum() == 9  # of ten tokens one is ignored
    assert not weights[5].any() and not targets[5].any()  # the picture has only one


def test_other_captions_are_drawn_in_every_epoch_and_alike_in_every_run():
    batches = CaptionBatches(np.zeros((3, 1)), captions(), per_picture=2, batch_size=3, seed=4)

    def drawn(epoch):
        ((_, tokens), targets, _) = next(batches.epoch(epoch))
        return tokens.tolist(), {int(token) for token in targets[:, 0]} & {9, 10, 11}

    assert drawn(3) == drawn(3)
    sets = [drawn(epoch)[1] for epoch in range(20)]
    assert all(len(some) == 2 for some in sets) and len(set(map(frozenset, sets))) == 3


def test_features_are_kept_by_encoder_and_key(tmp_path):
    cache = FeatureCache(tmp_path / "features", "one")
    assert cache.get("a") is None
    array = np.random.default_rng(0).random((2, 2, 3)).astype("float16")
    cache.put("a", array)
    np.testing.assert_array_equal(FeatureCache(tmp_path / "features", "one").get("a"), array)
    assert FeatureCache(tmp_path / "features", "other").get("a") is None
    (file,) = (tmp_path / "features" / "one").iterdir()
    file.write_bytes(file.read_bytes()[:-3])  # as a full disk may leave it
    assert cache.get("a") is None
    file.write_bytes(b"")
    assert cache.get("a") is None
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written .*: give another --feature-cache"):
        FeatureCache(tmp_path / "file", "one")
