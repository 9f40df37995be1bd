"""What the tests share: real sentences, and one small bundle trained on them."""

import csv
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

# Processes that the tests start import the same packages; TensorFlow's notices are not under test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# XLA compiles hundreds of small programs here, none of which runs for long.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

from rnnapps import datasets
from rnnapps.captioning.config import CaptioningConfig, EncoderConfig, VocabularyConfig
from rnnapps.captioning.config import ModelConfig as CaptioningModelConfig
from rnnapps.captioning.train import train as train_captioner
from rnnapps.data.caption_source_config import CaptionSourceConfig
from rnnapps.data.emoji_pictures import read_emoji
from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.sound_augmentation_config import SoundAugmentationConfig
from rnnapps.data.sound_source_config import SoundSourceConfig
from rnnapps.data.sound_sources import read_clips
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.tables import read_table
from rnnapps.data.text_config import TextConfig
from rnnapps.keywords.config import ClipConfig, KeywordsConfig
from rnnapps.keywords.config import ModelConfig as KeywordsModelConfig
from rnnapps.keywords.train import train as train_keywords
from rnnapps.sentiment import SentimentConfig, train
from rnnapps.sentiment.config import ModelConfig
from rnnapps.sentiment.data import EMBEDDED
from rnnapps.training.config import TrainingConfig
from rnnapps.translation.config import ModelConfig as TranslationModelConfig
from rnnapps.translation.config import SubwordConfig, TranslationConfig
from rnnapps.translation.data import EMBEDDED as PAIRS
from rnnapps.translation.train import train as train_translator

SMALL_MODEL = ModelConfig(units=8, embedding_size=16)
SMALL_TEXT = TextConfig(vocabulary=600, max_length=32)  # few lengths: XLA compiles each


def run(*command: str, backend: str = "tensorflow", **options) -> subprocess.CompletedProcess:
    """Run `python -m rnnapps ...` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rnnapps", *map(str, command)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=300,
        **options,
    )


def with_training(config, **options):
    """A config with other options of its training."""
    return replace(config, training=replace(config.training, **options))


@pytest.fixture(scope="session")
def sentences() -> list[dict[str, str]]:
    """Every 23rd labelled sentence of the embedded data, 717 of them: text, label, positive."""
    rows = [row.fields for row in read_table(EMBEDDED) if row.fields["label"]][::23]
    random.Random(0).shuffle(rows)  # the file has movies, products and tweets one after the other
    return [{name: row[name] for name in ("text", "label", "positive")} for row in rows]


@pytest.fixture(scope="session")
def sentences_csv(sentences, tmp_path_factory) -> Path:
    """These sentences as a file of a user."""
    file = tmp_path_factory.mktemp("data") / "sentences.csv"
    write_csv(file, sentences)
    return file


def write_csv(file: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="session")
def small_config(sentences_csv, tmp_path_factory) -> SentimentConfig:
    """A training of a few seconds."""
    return SentimentConfig(
        source=SourceConfig(data=str(sentences_csv)),
        text=SMALL_TEXT,
        model=SMALL_MODEL,
        training=TrainingConfig(
            output=str(tmp_path_factory.mktemp("runs") / "small"), epochs=2, learning_rate=0.01
        ),
    )


@pytest.fixture(scope="session")
def small_bundle(small_config) -> Path:
    """The bundle of that training."""
    return train(small_config)


@pytest.fixture(scope="session")
def pairs_tsv(tmp_path_factory) -> Path:
    """Every 8th of the embedded English-French pairs of at most 20 letters: few tokens, few lengths."""
    rows = [row.fields for row in read_table(PAIRS / "en-fr.tsv.xz")]
    rows = [row for row in rows if max(len(row["en"]), len(row["fr"])) <= 20][::8]
    file = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    lines = ["en\tfr", *(f"{row['en']}\t{row['fr']}" for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def small_translation_config(pairs_tsv, tmp_path_factory) -> TranslationConfig:
    """A training of a few seconds, on lengths of 8 and 16."""
    return TranslationConfig(
        source=ParallelSourceConfig(data=str(pairs_tsv)),
        text=SubwordConfig(vocabulary=600, max_tokens=16),
        model=TranslationModelConfig(units=32, embedding_size=32),
        training=TrainingConfig(
            output=str(tmp_path_factory.mktemp("runs") / "translation"),
            epochs=20,
            patience=20,
            learning_rate=0.01,
            average=0.0,
        ),
    )


@pytest.fixture(scope="session")
def small_translation(small_translation_config) -> Path:
    """The bundle of that training."""
    return train_translator(small_translation_config)


@pytest.fixture(scope="session")
def words_folder(tmp_path_factory) -> Path:
    """Three words, 30 clips each, in the layout of Speech Commands, and noise of 30 s."""
    folder = tmp_path_factory.mktemp("words")
    number = 0
    for clip in read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]:
        if clip.word in ("one", "two", "five"):
            (folder / clip.word).mkdir(exist_ok=True)
            speaker = f"{clip.speaker}{number % 5}"  # as many as it takes to divide them into parts
            file = folder / clip.word / f"{speaker}_nohash_{number}.wav"
            soundfile.write(file, clip.samples, 8000)
            number += 1
    (folder / "_background_noise_").mkdir()
    noise = np.random.default_rng(0).normal(scale=0.02, size=240_000).clip(-1, 1)
    soundfile.write(folder / "_background_noise_" / "hiss.wav", noise, 8000)
    return folder


@pytest.fixture(scope="session")
def small_keywords_config(words_folder, tmp_path_factory) -> KeywordsConfig:
    """A training of a few seconds, on clips of half a second."""
    return KeywordsConfig(
        source=SoundSourceConfig(data=str(words_folder)),
        clips=ClipConfig(seconds=0.5),
        augmentation=SoundAugmentationConfig(noise_share=0.2, speed_change=0.05),
        model=KeywordsModelConfig(
            units=16, filters=8, mels=24, time_masks=0, layer_dropout=0, output_dropout=0
        ),
        training=TrainingConfig(
            output=str(tmp_path_factory.mktemp("runs") / "keywords"),
            epochs=12,
            patience=12,
            batch_size=8,
            learning_rate=0.01,
            average=0.0,
        ),
    )


@pytest.fixture(scope="session")
def small_keywords(small_keywords_config) -> Path:
    """The bundle of that training."""
    return train_keywords(small_keywords_config)


@pytest.fixture(scope="session")
def pictures_folder(tmp_path_factory) -> Path:
    """60 of the embedded pictures as files, two captions each, with the parts in captions.csv."""
    folder = tmp_path_factory.mktemp("pictures")
    rows = []
    for number, (_, picture) in enumerate(read_emoji(datasets.path("emoji"), "en")[::60][:60]):
        Image.fromarray(picture.pixels((64, 64))).save(folder / f"{number}.png")
        part = "test" if number % 6 == 0 else "valid" if number % 6 == 1 else "train"
        for caption in (picture.captions[0], f"a picture of {picture.captions[0]}"):
            rows.append({"image": f"{number}.png", "caption": caption, "split": part})
    write_csv(folder / "captions.csv", rows)
    return folder


@pytest.fixture(scope="session")
def small_captioning_config(pictures_folder, tmp_path_factory) -> CaptioningConfig:
    """A training of a few seconds, with the features of the shipped encoder."""
    return CaptioningConfig(
        source=CaptionSourceConfig(data=str(pictures_folder)),
        encoder=EncoderConfig(feature_cache=str(tmp_path_factory.mktemp("features"))),
        text=VocabularyConfig(tokens="subwords", vocabulary=400, max_tokens=20),
        model=CaptioningModelConfig(units=16, embedding_size=16),
        training=TrainingConfig(
            output=str(tmp_path_factory.mktemp("runs") / "captioning"),
            epochs=4,
            batch_size=8,
            learning_rate=0.01,
            average=0.0,
        ),
    )


@pytest.fixture(scope="session")
def small_captioner(small_captioning_config) -> Path:
    """The bundle of that training."""
    return train_captioner(small_captioning_config)
