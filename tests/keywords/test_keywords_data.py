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


def own(folder, speakers, words=("yes", "no")):
    """20 clips of each word, of noise."""
    for word in words:
        (folder / word).mkdir()
        for number in range(20):
            sound = np.random.default_rng([number, len(word)]).normal(scale=0.1, size=800)
            name = f"{speakers[number % len(speakers)]}_nohash_{number}.wav"
            soundfile.write(folder / word / name, sound, 8000)
    return KeywordsConfig(source=SoundSourceConfig(data=str(folder)))


@pytest.mark.parametrize("count", [3, 5, 10])
def test_few_speakers_are_enough(tmp_path, count):
    loaded = data.load(own(tmp_path, [f"anna{number}" for number in range(count)]))
    assert min(map(len, loaded.values())) >= 40 // count - 2
    assert sum(map(len, loaded.values())) == 40


@pytest.mark.parametrize("speakers", [["anna"], ["anna", "ben"]])
def test_too_few_speakers(tmp_path, speakers):
    config = own(tmp_path, speakers)
    names = ", ".join(speakers)
    with pytest.raises(UserError, match=rf"too few speakers \({names}\): none is left for the .* split"):
        data.load(config)
    scored = data.load(config, labels=("no", "yes"))  # by a network that is there already
    assert sum(map(len, scored.values())) == 40


def test_a_word_without_a_training_clip():
    sounds = [np.random.default_rng(number).normal(scale=0.1, size=800) for number in range(60)]
    words = ["yes", "no"] * 30
    tested = data.load(KeywordsConfig(), {"sound": sounds, "word": words})["test"].inputs[0]
    words[next(n for n, sound in enumerate(sounds) if np.allclose(sound, tested))] = "rare"
    with pytest.raises(UserError, match=r"the word 'rare' has too few clips \(1\), none in the train"):
        data.load(KeywordsConfig(), {"sound": sounds, "word": words})


@pytest.mark.parametrize(
    ("sound", "word", "speaker", "message"),
    [
        (np.zeros((800, 2)), "yes", "a", r"shape \(800, 2\): .* average the channels"),
        (np.ones(800, "int16"), "yes", "a", "int16: expected floats"),
        (np.ones(800) * 3000, "yes", "a", "samples of up to 3,000: expected floats from -1 to 1"),
        (np.full(800, np.nan), "yes", "a", "samples are NaN"),
        ([1, [2]], "yes", "a", "no array: expected samples"),
        (None, "yes", "a", "no sound"),
        (np.ones(800), None, "a", "no word"),
        (np.ones(800), ["yes"], "a", "'word': a list, not a name"),
        (np.ones(800), "yes", {}, "'speaker': a dict, not a name"),
    ],
)
def test_values_in_memory_that_are_no_clip(sound, word, speaker, message):
    sounds = [np.random.default_rng(number).normal(scale=0.1, size=800) for number in range(40)]
    table = {
        "sound": [*sounds, sound],
        "word": [0, 1.0] * 20 + [word],
        "speaker": [*range(40), speaker],
    }
    with pytest.raises(UserError, match=rf"examples\[40\]: {message}.*: mend it, or .* --skip-bad"):
        data.load(KeywordsConfig(), table)
    config = KeywordsConfig(source=SoundSourceConfig(skip_bad=True))
    loaded = data.load(config, table)
    assert loaded["train"].labels == ("0", "1") and sum(map(len, loaded.values())) == 40
