"""What the tests share: real sentences, and one small bundle trained on them."""

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

# Processes that the tests start import the same packages; TensorFlow's notices are not under test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# XLA compiles hundreds of small programs here, none of which runs for long.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

from rnnapps.data.parallel_source_config import ParallelSourceConfig
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.tables import read_table
from rnnapps.data.text_config import TextConfig
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
            epochs=8,
            learning_rate=0.02,
            average=0.0,
        ),
    )


@pytest.fixture(scope="session")
def small_translation(small_translation_config) -> Path:
    """The bundle of that training."""
    return train_translator(small_translation_config)
