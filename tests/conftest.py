"""What the tests share: real data of each kind in small, and one small bundle of each application.

A bundle is trained once in a run of the tests, by the first process that asks for it.
"""

import csv
import gc
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from itertools import islice
from pathlib import Path

# NumPy's and SciPy's library reads this once. It wakes its threads for any vector: in two processes on
# two cores, the regressions of the baselines took more than twice as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
import soundfile
from filelock import FileLock
from PIL import Image

# Processes that the tests start import the same packages. What one has compiled of them is kept for the
# next, also where the environment has it otherwise: TensorFlow alone would take each 16 seconds. Its
# notices are not under test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# XLA compiles thousands of small programs here, none of which runs for long. It ends a process for a
# flag that it does not know, and these are known to that of TensorFlow and of this version of JAX.
if os.environ.get("KERAS_BACKEND") != "jax" or version("jax").startswith("0.10."):
    os.environ.setdefault(
        "XLA_FLAGS",
        "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
        " --xla_cpu_parallel_codegen_split_count=1 --xla_cpu_use_fusion_emitters=false",
    )
# It copies a graph before each of its optimisations, in case one fails, and here none does.
os.environ.setdefault("TF2ONNX_CATCH_ERRORS", "FALSE")

from rnnapps import datasets
from rnnapps.applications import class_of
from rnnapps.config import with_values
from rnnapps.data.lines.embedded import embedded_lines
from rnnapps.data.pictures.emoji import read_emoji
from rnnapps.data.sound.embedded_speech import embedded_speech
from rnnapps.data.sound.source_config import SoundSourceConfig
from rnnapps.data.sound.sources import read_clips
from rnnapps.data.tables import read_table

# Millions of objects, those of graphs, stay as long as the tests do: to look through them for what can
# go took a tenth of the time.
gc.set_threshold(100_000, 20, 20)

# Options of trainings that take seconds: few lengths, as XLA compiles each.
SMALL = {
    "sentiment": {
        "text": {"vocabulary": 600, "max_length": 16},
        "model": {"units": 8, "embedding_size": 16},
        "training": {"epochs": 2, "learning_rate": 0.01},
    },
    "translation": {
        "text": {"vocabulary": 600, "max_tokens": 8},
        "model": {"units": 16, "embedding_size": 16},
        "training": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
    "captioning": {
        "text": {"tokens": "subwords", "vocabulary": 400, "max_tokens": 20},
        "model": {"units": 16, "embedding_size": 16},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
    "keywords": {
        "clips": {"seconds": 0.5},
        "augmentation": {"noise_share": 0.2, "speed_change": 0.05},
        "model": {"units": 16, "filters": 8, "mels": 24, "time_masks": 0, "layer_dropout": 0.0},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
    "language_model": {
        "text": {"tokens": "characters"},
        "model": {"units": 16, "embedding_size": 16},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "ema_momentum": 0.0},
        "pieces": {"steps": 32},
    },
    "chat": {
        "text": {"tokens": "characters"},
        "model": {"units": 16, "embedding_size": 16},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "ema_momentum": 0.0},
        "pieces": {"steps": 32},
    },
    "forecasting": {
        "windows": {"context": 24, "horizon": 8, "stride": 4},
        "model": {"units": 8, "segment": 4},
        "training": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01},
    },
    "handwriting": {
        "lines": {"height": 32},
        "model": {"units": 16, "filters": 8, "depth": 1},
        "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
    "speech": {
        "augmentation": {"speed_change": 0.0},
        "model": {"units": 16, "filters": 8, "mels": 24, "depth": 1, "time_masks": 0},
        "training": {"epochs": 2, "batch_size": 4, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
    "dna": {
        "model": {"units": 8, "filters": 16, "embedding_size": 16},
        "training": {"epochs": 2, "learning_rate": 0.01, "ema_momentum": 0.0},
    },
}


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


def write_csv(file: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module", autouse=True)
def programs_of_a_file():
    """What JAX compiled for a file goes with it: beside thousands of programs, new ones take longer."""
    yield
    if os.environ.get("KERAS_BACKEND") == "jax":
        import jax

        jax.clear_caches()


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`shared(name, make)` is a folder that `make(folder)` has filled, once in a run."""
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent  # that of all processes of this run

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        folder = root / "shared" / name
        folder.parent.mkdir(exist_ok=True, parents=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                folder.mkdir()
                make(folder)
        return folder

    return folder_of


@pytest.fixture(scope="session")
def sentences() -> list[dict[str, str]]:
    """Every 23rd labelled sentence of the embedded data, 717 of them: text, label, positive."""
    rows = [row.fields for row in read_table(datasets.path("sentences/sentences.csv.xz"))]
    rows = [row for row in rows if row["label"]][::23]
    random.Random(0).shuffle(rows)  # the file has movies, products and tweets one after the other
    return [{name: row[name] for name in ("text", "label", "positive")} for row in rows]


@pytest.fixture(scope="session")
def sentences_csv(sentences, shared) -> Path:
    """These sentences as a file of a user."""
    folder = shared("sentences", lambda folder: write_csv(folder / "sentences.csv", sentences))
    return folder / "sentences.csv"


@pytest.fixture(scope="session")
def pairs_tsv(shared) -> Path:
    """Every 8th of the embedded English-French pairs of at most 20 letters: few tokens, few lengths."""

    def make(folder):
        rows = [row.fields for row in read_table(datasets.path("translation/en-fr.tsv.xz"))]
        rows = [row for row in rows if max(len(row["en"]), len(row["fr"])) <= 20][::8]
        lines = ["en\tfr", *(f"{row['en']}\t{row['fr']}" for row in rows)]
        (folder / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    return shared("pairs", make) / "pairs.tsv"


@pytest.fixture(scope="session")
def words_folder(shared) -> Path:
    """Three words, 30 clips each, in the layout of Speech Commands, and noise of 30 s."""

    def make(folder):
        clips = read_clips(SoundSourceConfig(), datasets.path("digits"))["test"]
        clips = [clip for clip in clips if clip.word in ("one", "two", "five")]
        for number, clip in enumerate(clips):
            (folder / clip.word).mkdir(exist_ok=True)
            speaker = f"{clip.speaker}{number % 5}"  # as many as it takes to divide them into splits
            file = folder / clip.word / f"{speaker}_nohash_{number}.wav"
            soundfile.write(file, clip.samples, 8000)
        (folder / "_background_noise_").mkdir()
        noise = np.random.default_rng(0).normal(scale=0.02, size=240_000).clip(-1, 1)
        soundfile.write(folder / "_background_noise_" / "hiss.wav", noise, 8000)

    return shared("words", make)


@pytest.fixture(scope="session")
def pictures_folder(shared) -> Path:
    """60 of the embedded pictures as files, two captions each, with the splits in captions.csv."""

    def make(folder):
        rows = []
        for number, (_, picture) in enumerate(read_emoji(datasets.path("emoji"), "en")[::60][:60]):
            Image.fromarray(picture.pixels((64, 64))).save(folder / f"{number}.png")
            split = "test" if number % 6 == 0 else "val" if number % 6 == 1 else "train"
            for caption in (picture.captions[0], f"a picture of {picture.captions[0]}"):
                rows.append({"image": f"{number}.png", "caption": caption, "split": split})
        write_csv(folder / "captions.csv", rows)

    return shared("pictures", make)


@pytest.fixture(scope="session")
def junctions_csv(shared) -> Path:
    """Every 6th of the embedded splice junctions."""

    def make(folder):
        rows = [row.fields for row in read_table(datasets.path("splice/splice.csv.xz"))]
        write_csv(folder / "junctions.csv", rows[::6])

    return shared("junctions", make) / "junctions.csv"


@pytest.fixture(scope="session")
def speeches_csv(shared) -> Path:
    """The beginnings of every 3rd of the embedded speeches, 1,000 letters each."""

    def make(folder):
        rows = [row.fields for row in read_table(datasets.path("speeches/speeches.csv.xz"))]
        write_csv(folder / "speeches.csv", [{"text": row["text"][:1000]} for row in rows[::3]])

    return shared("speeches", make) / "speeches.csv"


@pytest.fixture(scope="session")
def conversations_csv(shared) -> Path:
    """The first turns of every 50th of the embedded conversations, each a line of the column `turns`."""

    def make(folder):
        rows = read_table(datasets.path("conversations/conversations.jsonl.xz"))[::50]
        turns = [[turn[:40] for turn in row.fields["turns"][:6]] for row in rows]
        write_csv(folder / "conversations.csv", [{"turns": "\n".join(some)} for some in turns])

    return shared("conversations", make) / "conversations.csv"


@pytest.fixture(scope="session")
def weather_csv(shared) -> Path:
    """Temperature and humidity of one of the embedded stations: 600 hours, of which some are missing."""

    def make(folder):
        rows = [row.fields for row in read_table(datasets.path("series/weather.csv.xz"))]
        rows = [row for row in rows if row["station"] == "JFK"][:600]
        rows = [{name: row[name] for name in ("time", "temp", "humid")} for row in rows]
        for row in rows[100:110]:
            row["humid"] = ""
        write_csv(folder / "weather.csv", rows[:300] + rows[305:])

    return shared("weather", make) / "weather.csv"


@pytest.fixture(scope="session")
def lines_folder(shared) -> Path:
    """80 of the embedded strings of digits as pictures with their texts, in the layout of kraken."""

    def make(folder):
        found = islice(embedded_lines(datasets.path(""), "digits"), 80)
        for number, line in enumerate(found):
            Image.fromarray(line.read()).save(folder / f"{number}.png")
            (folder / f"{number}.gt.txt").write_text(line.text, encoding="utf-8")

    return shared("lines", make)


@pytest.fixture(scope="session")
def strings_folder(shared) -> Path:
    """Strings of three digits of one speaker, with their texts and splits in texts.csv."""

    def make(folder):
        found = embedded_speech(datasets.path(""), "digits", "nicolas")
        found = [one for one in islice(found, 150) if len(one.text.split()) == 3]
        rows = []
        for number, one in enumerate(found):
            soundfile.write(folder / f"{number}.wav", *one.read())
            split = {0: "test", 1: "dev"}.get(number % 6, "train")
            rows.append({"file": f"{number}.wav", "text": one.text, "split": split})
        write_csv(folder / "texts.csv", rows)

    return shared("strings", make)


@pytest.fixture(scope="session")
def small_configs(request, shared) -> Callable:
    """`small_configs("sentiment")` is the config of a training of a few seconds."""
    sources = {
        "sentiment": "sentences_csv",
        "translation": "pairs_tsv",
        "captioning": "pictures_folder",
        "keywords": "words_folder",
        "dna": "junctions_csv",
        "language_model": "speeches_csv",
        "chat": "conversations_csv",
        "forecasting": "weather_csv",
        "handwriting": "lines_folder",
        "speech": "strings_folder",
    }

    def config_of(application: str):
        source = {"data": str(request.getfixturevalue(sources[application]))}
        if application == "speech":
            source["sampling_rate"] = 8000
        config = with_values(class_of(application, "Config")(), SMALL[application] | {"source": source})
        if application == "captioning":
            cache = shared("features", lambda folder: None)
            config = replace(config, encoder=replace(config.encoder, feature_cache=str(cache)))
        return config

    return config_of


@pytest.fixture(scope="session")
def small_bundles(small_configs, shared) -> Callable[[str], Path]:
    """`small_bundles("sentiment")` is the bundle of that training."""

    def bundle_of(application: str) -> Path:
        def make(folder):
            config = with_training(small_configs(application), output=str(folder / "small"))
            import_module(f"rnnapps.{application}.train").train(config)

        return shared(f"bundle-{application}", make) / "small"

    return bundle_of


@pytest.fixture(scope="session")
def small_config(small_configs):
    return small_configs("sentiment")


@pytest.fixture(scope="session")
def small_bundle(small_bundles) -> Path:
    return small_bundles("sentiment")


@pytest.fixture
def copy(small_bundle, tmp_path):
    """A bundle to alter."""
    return Path(shutil.copytree(small_bundle, tmp_path / "copy"))


@pytest.fixture(scope="session")
def small_translation_config(small_configs):
    return small_configs("translation")


@pytest.fixture(scope="session")
def small_translation(small_bundles) -> Path:
    return small_bundles("translation")


@pytest.fixture(scope="session")
def small_keywords_config(small_configs):
    return small_configs("keywords")


@pytest.fixture(scope="session")
def small_keywords(small_bundles) -> Path:
    return small_bundles("keywords")


@pytest.fixture(scope="session")
def small_captioning_config(small_configs):
    return small_configs("captioning")


@pytest.fixture(scope="session")
def small_captioner(small_bundles) -> Path:
    return small_bundles("captioning")
