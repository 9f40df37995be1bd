"""With data sets of TensorFlow Datasets that are made on the spot, of real sentences and pictures."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from rnnapps import datasets
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.pictures.sources import read_captioned_pictures
from rnnapps.data.row_sources import read_tfds_rows
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.errors import UserError
from rnnapps.sentiment import SentimentConfig, data

FLAGS = "--text-column and --label-column"

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

    class Told(tfds.core.GeneratorBasedBuilder):
        """Captioned pictures, with the fields and splits of `coco_captions`."""

        VERSION = tfds.core.Version("1.0.0")
        SPLITS = ("train", "val", "test", "restval")

        def __init__(self, pictures, text="text", **options):
            self.pictures = pictures
            self.text = text
            super().__init__(**options)

        def _info(self):
            features = {
                "image": tfds.features.Image(encoding_format="jpeg"),
                "captions": tfds.features.Sequence({self.text: np.str_, "id": np.int64}),
            }
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(n) for n, split in enumerate(self.SPLITS)}

        def _generate_examples(self, remainder):
            for number, (file, captions) in enumerate(self.pictures[remainder :: len(self.SPLITS)]):
                rows = [{self.text: caption, "id": i} for i, caption in enumerate(captions)]
                yield number, {"image": file, "captions": rows}


@pytest.fixture(scope="module", params=["tfrecord", "array_record"])
def folder(request, sentences, tmp_path_factory):
    """The folder of a set named `rated` with the splits train and test."""

    folder = tmp_path_factory.mktemp(request.param)
    Rated(sentences, data_dir=folder, file_format=request.param).download_and_prepare()
    return folder


def config(folder, **options):
    return TextSourceConfig(
        data="tfds:rated", text_column="sentence", tfds_folder=str(folder), **options
    )


def test_rows_with_the_names_of_their_classes(folder, sentences):
    parts = read_tfds_rows(config(folder), ("sentence", "label"), FLAGS)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 200, "test": 50}
    read = {(row.fields["sentence"], row.fields["label"]) for row in parts["test"]}
    assert read == {(row["text"], row["label"]) for row in sentences[200:250]}
    assert parts["test"][3].where == "tfds:rated/test[3]"


def test_only_tfrecord_needs_tensorflow(folder):
    code = f"""
import sys
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.data.row_sources import read_tfds_rows
source = TextSourceConfig(data="tfds:rated", tfds_folder={str(folder)!r})
assert len(read_tfds_rows(source, ("sentence", "label"), "")["train"]) == 200
assert ("tensorflow" in sys.modules) == {"tfrecord" in str(folder)}
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_parts_of_an_application(folder):
    examples = data.load(SentimentConfig(source=config(folder)))
    assert examples["train"].labels == ("negative", "positive")
    assert len(examples["test"]) == 50
    assert 10 < len(examples["validation"]) < 40


def test_unknown_field(folder):
    with pytest.raises(UserError, match="no field 'text': it has .*sentence.*: choose with"):
        read_tfds_rows(config(folder), ("text", "label"), FLAGS)


def test_a_set_that_is_not_here_is_not_fetched(tmp_path):
    source = TextSourceConfig(data="tfds:imdb_reviews", tfds_folder=str(tmp_path))
    with pytest.raises(UserError, match="tfds:imdb_reviews: not on this machine .* add --download"):
        read_tfds_rows(source, ("text", "label"), FLAGS)


def test_no_such_set(tmp_path):
    source = TextSourceConfig(data="tfds:no_such_set", tfds_folder=str(tmp_path))
    with pytest.raises(UserError, match="tfds:no_such_set: TensorFlow Datasets knows no such set"):
        read_tfds_rows(source, ("text", "label"), FLAGS)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The JPEG files of some embedded pictures, each with a caption of its own and a common one."""
    folder = tmp_path_factory.mktemp("jpeg")
    found = read_captioned_pictures(CaptionSourceConfig(), datasets.path("emoji"))["train"][:40]
    files = [str(folder / f"{number}.jpg") for number in range(len(found))]
    for file, picture in zip(files, found, strict=True):
        Image.fromarray(picture.pixels((64, 48))).save(file)
    return [(file, (p.captions[0], "Caf\u00e9 ")) for file, p in zip(files, found, strict=True)]


@pytest.fixture(scope="module", params=["tfrecord", "array_record"])
def told(request, pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    Told(pictures, data_dir=folder, file_format=request.param).download_and_prepare()
    return folder


class TestCaptions:
    def read(self, folder, **options):
        source = CaptionSourceConfig("tfds:told", tfds_folder=str(folder), **options)
        return read_captioned_pictures(source, datasets.path("emoji"))

    def test_parts_and_pixels(self, told, pictures):
        parts = self.read(told)
        assert {part: len(found) for part, found in parts.items()} == {
            "train": 20,
            "validation": 10,
            "test": 10,
        }
        files = {captions[0]: file for file, captions in pictures}
        # Backwards too: a set in tfrecord can only be read in order.
        for picture in [*parts["train"], *reversed(parts["test"]), *parts["validation"][::3]]:
            first, second = picture.captions
            assert second == "Caf\u00e9"
            exact = np.asarray(Image.open(files[first]))
            assert np.array_equal(picture.pixels((64, 48)), exact)
        assert parts["test"][3].where == "tfds:told/test[3]"
        assert {picture.where.split("[")[0] for picture in parts["train"]} == {
            "tfds:told/train",
            "tfds:told/restval",
        }

    def test_bad_pictures(self, pictures, tmp_path, caplog):
        (tmp_path / "cut.jpg").write_bytes(Path(pictures[0][0]).read_bytes()[:9])
        bad = [*pictures, (str(tmp_path / "cut.jpg"), ("a face",)), (pictures[0][0], ())]
        Told(bad, data_dir=tmp_path, file_format="array_record").download_and_prepare()
        with pytest.raises(
            UserError,
            match=r"tfds:told/train\[\d+\]: .*: mend it, or leave such pictures out with --skip-bad",
        ):
            self.read(tmp_path)
        assert len(self.read(tmp_path, skip_bad=True)["train"]) == 20
        assert "tfds:told: 2 of 42 pictures left out (--skip-bad)" in caplog.text
        assert "it has no captions" in caplog.text

    def test_captions_of_another_form(self, pictures, tmp_path):
        Told(pictures, "words", data_dir=tmp_path, file_format="array_record").download_and_prepare()
        with pytest.raises(UserError, match="tfds:told: its captions have no field 'text', as those of"):
            self.read(tmp_path)

    def test_no_captions(self, sentences, tmp_path):
        Rated(sentences, data_dir=tmp_path).download_and_prepare()
        source = CaptionSourceConfig("tfds:rated", tfds_folder=str(tmp_path))
        with pytest.raises(
            UserError, match="tfds:rated: no field 'image': it has .*: pictures with capt"
        ):
            read_captioned_pictures(source, datasets.path("emoji"))

    def test_not_here(self, tmp_path):
        source = CaptionSourceConfig("tfds:coco_captions", tfds_folder=str(tmp_path))
        with pytest.raises(UserError, match="tfds:coco_captions: not on this machine .* add --download"):
            read_captioned_pictures(source, datasets.path("emoji"))
