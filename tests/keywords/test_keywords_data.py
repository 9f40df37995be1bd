"""What a network learns from: classes, silence, unknown words, parts of the noise."""

import logging
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from rnnapps.data.examples import choose_split
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.errors import UsageError, UserError
from rnnapps.keywords import KeywordsConfig, data
from rnnapps.keywords.config import ClipConfig, DetectionConfig, ModelConfig


def counts(loaded, part):
    return Counter(loaded[part].labels[number] for number in loaded[part].classes)


def with_words(config, **options):
    return replace(config, clips=replace(config.clips, **options))


def test_the_embedded_digits_have_no_other_class(caplog):
    caplog.set_level(logging.INFO)
    loaded = data.load(KeywordsConfig())
    assert len(loaded["train"].labels) == 10
    assert [len(loaded[part].inputs) for part in ("train", "validation", "test")] == [
        2420,
        280,
        300,
    ]
    assert "embedded: no class _silence_" in caplog.text
    assert "embedded: no class _unknown_: any sound is taken for a word" in caplog.text
    held_out = data.load(KeywordsConfig(source=SoundSourceConfig(held_out="theo")))
    assert counts(held_out, "test") == dict.fromkeys(held_out["test"].labels, 50)


def test_silence_is_made_of_noise_of_the_same_part(small_keywords_config):
    loaded = data.load(small_keywords_config)
    assert loaded["train"].labels == ("_silence_", "five", "one", "two")
    for part in ("train", "validation", "test"):
        examples, numbers = loaded[part], counts(loaded, part)
        words = (len(examples) - numbers["_silence_"]) / 3
        assert numbers["_silence_"] == round(words) > 0
        (noise,) = examples.noise
        silence = [examples.inputs[row] for row in np.flatnonzero(examples.classes == 0)]
        assert all(noise.tobytes().find(clip.tobytes()) >= 0 for clip in silence)
    again = data.load(replace(small_keywords_config))
    assert again["train"].digest() == loaded["train"].digest()
    without = data.load(with_words(small_keywords_config, silence_ratio=0))
    assert without["train"].labels == ("five", "one", "two")


def test_other_words_become_unknown_but_not_most_of_the_rows(small_keywords_config, caplog):
    caplog.set_level(logging.INFO)
    one = with_words(small_keywords_config, words="one")
    loaded = data.load(with_words(small_keywords_config, words="one", unknown_ratio=0))
    assert loaded["train"].labels == ("_silence_", "_unknown_", "one")
    all_of_them = counts(loaded, "train")
    some = data.load(replace(one, clips=replace(one.clips, unknown_ratio=1)))
    assert counts(some, "train")["_unknown_"] == all_of_them["one"] < all_of_them["_unknown_"]
    assert "train clips of other words left out (--unknown-ratio)" in caplog.text
    # A bundle's classes are known, and what is none of them is unknown.
    known = data.load(small_keywords_config, labels=("_silence_", "_unknown_", "two"))
    assert set(counts(known, "test")) == {"_silence_", "_unknown_", "two"}


def test_words_that_are_not_there(small_keywords_config):
    with pytest.raises(UserError, match="no training clip of 'twenty': choose among its words"):
        data.load(with_words(small_keywords_config, words="one,twenty"))
    with pytest.raises(UserError, match="the word 'five' of the train split is none of one, two"):
        # No silence is made for a class that is not there.
        data.load(small_keywords_config, labels=("one", "two"))


def test_one_word_only(tmp_path):
    (tmp_path / "yes").mkdir()
    for number in range(40):
        sound = np.random.default_rng(number).normal(scale=0.1, size=4000)
        soundfile.write(tmp_path / "yes" / f"{number}.wav", sound, 8000)
    with pytest.raises(UserError, match="only the word 'yes': two or more are needed"):
        data.load(KeywordsConfig(source=SoundSourceConfig(data=str(tmp_path))))


def test_batches_are_changed_clips_and_validation_is_not(small_keywords_config):
    loaded = data.load(small_keywords_config)
    train, valid = data.make_batches(small_keywords_config, loaded)
    assert len(train.augmentation.noise) == 1
    assert valid.augmentation is None
    (x, y), *_ = train.epoch(0)
    assert x.shape == (8, 4000) and y.shape == (8, 4) and (y.sum(axis=1) == 1).all()
    together = choose_split(loaded, "all", "")
    assert len(together) == sum(map(len, loaded.values())) and len(together.noise) == 3


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (ClipConfig, {"seconds": 0.01}, "--seconds must be 0.1 to 30"),
        (ClipConfig, {"words": "yes,,no"}, "--words must be names separated by commas"),
        (ClipConfig, {"words": "yes, yes"}, "--words must be different names"),
        (ClipConfig, {"silence_ratio": -1}, "--silence-ratio"),
        (ModelConfig, {"units": 0}, "--units must be at least 1"),
        (ModelConfig, {"mels": 4}, "--mels must be 8 to 128"),
        (ModelConfig, {"output_dropout": 1}, "--output-dropout"),
        (DetectionConfig, {"threshold": 0}, "--threshold must be above 0 and at most 1"),
        (KeywordsConfig, {"label_smoothing": 1}, "--label-smoothing"),
    ],
)
def test_wrong_values_name_their_flag(kind, options, message):
    with pytest.raises(UsageError, match=message):
        kind(**options)
