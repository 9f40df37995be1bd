"""With a data set of TensorFlow Datasets that is made on the spot, of real sentences."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from rnnapps.data.source_config import SourceConfig
from rnnapps.data.tfds_source import read_tfds
from rnnapps.errors import UserError
from rnnapps.sentiment import data

with tfds.core.registered.skip_registration():  # it is to be found by its files, not by its code

    class Rated(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def __init__(self, sentences, **options):
            self.sentences = sentences
            super().__init__(**options)

        def _info(self):
            label = tfds.features.ClassLabel(names=["negative", "positive"])
            features = {"sentence": tfds.features.Text(), "label": label, "idx": np.int32}
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {
                "train": self._generate_examples(self.sentences[:200]),
                "test": self._generate_examples(self.sentences[200:250]),
            }

        def _generate_examples(self, rows):
            for number, row in enumerate(rows):
                yield number, {"sentence": row["text"], "label": row["label"], "idx": number}


@pytest.fixture(scope="module", params=["tfrecord", "array_record"])
def folder(request, sentences, tmp_path_factory):
    """The folder of a set named `rated` with the splits train and test."""

    folder = tmp_path_factory.mktemp(request.param)
    Rated(sentences, data_dir=folder, file_format=request.param).download_and_prepare()
    return folder


def config(folder, **options):
    return SourceConfig(data="tfds:rated", text_column="sentence", tfds_folder=str(folder), **options)


def test_rows_with_the_names_of_their_classes(folder, sentences):
    parts = read_tfds(config(folder), ("sentence", "label"))
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 200, "test": 50}
    read = {(row.fields["sentence"], row.fields["label"]) for row in parts["test"]}
    assert read == {(row["text"], row["label"]) for row in sentences[200:250]}
    assert parts["test"][3].where == "tfds:rated/test[3]"


def test_only_tfrecord_needs_tensorflow(folder):
    code = f"""
import sys
from rnnapps.data.source_config import SourceConfig
from rnnapps.data.tfds_source import read_tfds
source = SourceConfig(data="tfds:rated", tfds_folder={str(folder)!r})
assert len(read_tfds(source, ("sentence", "label"))["train"]) == 200
assert ("tensorflow" in sys.modules) == {"tfrecord" in str(folder)}
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_parts_of_an_application(folder):
    examples, labels = data.load(config(folder))
    assert labels == ("negative", "positive")
    assert len(examples["test"].texts) == 50
    assert 10 < len(examples["valid"].texts) < 40


def test_unknown_field(folder):
    with pytest.raises(UserError, match="no field 'text': it has .*sentence.*: choose with"):
        read_tfds(config(folder), ("text", "label"))


def test_a_set_that_is_not_here_is_not_fetched(tmp_path):
    source = SourceConfig(data="tfds:imdb_reviews", tfds_folder=str(tmp_path))
    with pytest.raises(UserError, match="tfds:imdb_reviews: not on this machine .* add --download"):
        read_tfds(source, ("text", "label"))


def test_no_such_set(tmp_path):
    source = SourceConfig(data="tfds:no_such_set", tfds_folder=str(tmp_path))
    with pytest.raises(UserError, match="tfds:no_such_set: TensorFlow Datasets knows no such set"):
        read_tfds(source, ("text", "label"))
