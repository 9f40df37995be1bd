"""Captions in the forms in which people have them; the pictures are real."""

import json

import numpy as np
import pytest
from PIL import Image

from rnnapps import datasets
from rnnapps.data.pictures.emoji import read_emoji
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.pictures.sources import read_captioned_pictures
from rnnapps.errors import UserError

NAMES = [f"{number}.png" for number in range(20)]


@pytest.fixture(scope="module")
def pictures():
    found = read_emoji(datasets.path("emoji"), "en")[:20]
    return [Image.fromarray(picture.pixels((32, 32))) for _, picture in found]


@pytest.fixture
def folder_of(tmp_path, pictures):
    """Makes a folder of some of the pictures, with other files."""

    def make(folders, files):
        for number, picture in enumerate(pictures):
            path = tmp_path / folders[number * len(folders) // len(pictures)]
            path.mkdir(exist_ok=True)
            picture.save(path / NAMES[number])
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path

    return make


def read(folder, examples=None, **options):
    config = CaptionSourceConfig(str(folder), **options)
    return read_captioned_pictures(config, datasets.path("emoji"), examples)


def captions(splits):
    pictures = [picture for some in splits.values() for picture in some]
    return {picture.where.rpartition("/")[2]: picture.captions for picture in pictures}


def karpathy(images):
    return json.dumps({"dataset": "flickr8k", "images": images})


def image(number, **fields):
    split = ("train", "restval", "val", "test")[number % 4]
    sentences = [{"raw": f"a thing {number}", "tokens": ["a"]}, {"raw": "a face ."}]
    return {"filename": NAMES[number], "split": split, "sentences": sentences} | fields


EXPECTED = {name: (f"a thing {number}", "a face .") for number, name in enumerate(NAMES)}


def test_karpathy(folder_of):
    splits = read(folder_of(["images"], {"dataset_flickr8k.json": karpathy(map_images())}))
    assert {split: len(some) for split, some in splits.items()} == {
        "train": 10,
        "validation": 5,
        "test": 5,
    }
    assert captions(splits) == EXPECTED


def map_images(**fields):
    return [image(number, **fields) for number in range(20)]


@pytest.mark.parametrize(
    ("place", "filepath"),
    [("val2014", "val2014"), *(("images", other) for other in ("val2014", "x" * 9999, "\0", ["x"], {}))],
    ids=range(6),
)
def test_karpathy_of_coco(folder_of, place, filepath):
    folder = folder_of([place], {"dataset_coco.json": karpathy(map_images(filepath=filepath))})
    assert captions(read(folder)) == EXPECTED


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sentences": [{"raw": 5}]}, "a int, not a text"),
        ({"sentences": [{"raw": {"en": "x"}}]}, "a dict, not a text"),
        ({"sentences": []}, "a NoneType, not a text"),
        ({"filename": ["x"]}, "no picture named"),
        ({"split": 3}, "'split': a int, not a name"),
    ],
)
def test_karpathy_with_a_bad_picture(folder_of, fields, message):
    images = [*map_images(), image(3, **fields)]
    folder = folder_of(["images"], {"dataset.json": karpathy(images)})
    with pytest.raises(UserError, match=rf"dataset.json: images\[20\]: {message}: mend it"):
        read(folder)
    assert sum(map(len, read(folder, skip_bad=True).values())) == 20


def coco(numbers):
    images = [{"id": number, "file_name": NAMES[number]} for number in numbers]
    texts = [(number, text) for number in numbers for text in EXPECTED[NAMES[number]]]
    annotations = [{"id": 1, "image_id": number, "caption": text} for number, text in texts]
    return json.dumps({"info": {}, "images": images, "annotations": annotations})


@pytest.mark.parametrize("where", ["annotations/", ""])
def test_coco(folder_of, where):
    files = {
        f"{where}captions_train2017.json": coco(range(10)),
        f"{where}captions_val2017.json": coco(range(10, 20)),
    }
    splits = read(folder_of(["train2017", "val2017"], files))
    assert captions(splits) == EXPECTED and len(splits["validation"]) == 10
    assert captions({"": splits["validation"]}).keys() == set(NAMES[10:])


def test_coco_of_one_split_is_divided(folder_of, caplog):
    content = json.loads(coco(range(20)))
    content["images"].append({"id": 20, "file_name": "20.png"})
    caplog.set_level("INFO")
    splits = read(folder_of(["images"], {"captions_val2014.json": json.dumps(content)}))
    assert captions(splits) == EXPECTED and all(splits.values())
    assert "1 pictures have no captions and are not used" in caplog.text


def test_coco_with_an_unknown_picture(folder_of):
    for identity in ([3], 77, None):
        content = json.loads(coco(range(20)))
        content["annotations"][2]["image_id"] = identity
        folder = folder_of(["images"], {"captions_val2014.json": json.dumps(content)})
        with pytest.raises(UserError, match=r"annotations\[2\]: no picture named: mend it"):
            read(folder)


def rows(template, header=""):
    texts = [(name, i, text) for name, some in EXPECTED.items() for i, text in enumerate(some)]
    return header + "".join(template.format(name=name, i=i, text=text) for name, i, text in texts)


FLICKR30K = rows("{name}| {i}| {text}\n", "image_name| comment_number| comment\n")


@pytest.mark.parametrize(
    ("place", "name", "content"),
    [
        ("Images", "captions.txt", rows('{name},"{text}"\n', "image,caption\n")),
        ("flickr30k_images", "results.csv", FLICKR30K),
        (".", "metadata.csv", rows("{name},{text}\n", "file_name,text\n")),
        ("images", "metadata.jsonl", rows('{{"file_name": "{name}", "text": "{text}"}}\n')),
        ("images", "results_20130124.token", rows("{name}#{i}\t{text}\n")),
        ("images", "captions.csv", rows("{name};{text}\r\n", "image;caption\r\n")),
        (
            "images",
            "captions.json",
            json.dumps([{"image": name, "caption": list(text)} for name, text in EXPECTED.items()]),
        ),
    ],
)
def test_tables(folder_of, place, name, content):
    splits = read(folder_of([place], {name: content}))
    assert captions(splits) == EXPECTED and all(splits.values())


def test_a_table_for_each_split(folder_of):
    of_split = {"train": NAMES[:10], "validation": NAMES[10:15], "test": NAMES[15:]}
    files = {
        f"{split}/metadata.csv": "file_name,text\n"
        + "".join(f"{name},{text}\n" for name in names for text in EXPECTED[name])
        for split, names in of_split.items()
    }
    splits = read(folder_of(["train", "train", "validation", "test"], files))
    assert captions(splits) == EXPECTED
    assert {split: set(captions({"": some})) for split, some in splits.items()} == {
        split: set(names) for split, names in of_split.items()
    }


def test_two_tables_for_a_split(folder_of):
    folder = folder_of(["train"], {"train/metadata.csv": "file_name,text\n", "train/metadata.jsonl": ""})
    with pytest.raises(UserError, match=r"train: both metadata.csv and metadata.jsonl: keep one"):
        read(folder)


def test_a_row_of_flickr30k_that_lacks_a_bar(folder_of):
    folder = folder_of(["images"], {"results.csv": f"{FLICKR30K}3.png| 4   A dog .\n"})
    with pytest.raises(UserError, match="results.csv:42: 2 columns, but the first line has 3: mend it"):
        read(folder)
    assert captions(read(folder, skip_bad=True)) == EXPECTED


def test_without_a_header(folder_of):
    folder = folder_of(["images"], {"captions.csv": rows("{name},{text}\n")})
    columns = {"image_column": "1", "caption_column": "2"}
    assert captions(read(folder, header=False, **columns)) == EXPECTED


def test_which_of_several_files(folder_of):
    files = {"captions.csv": rows("{name},{text}\n", "image,caption\n"), "captions.txt": "about"}
    folder = folder_of(["images"], files)
    assert captions(read(folder)) == EXPECTED  # the first is our own form
    (folder / "captions.csv").rename(folder / "results.csv")
    with pytest.raises(UserError, match="both captions.txt and results.csv: keep one"):
        read(folder)


def test_json_of_another_form(folder_of):
    for content in ("[1]", '{"images": [{"a": 1}]}', '{"images": 5, "annotations": []}'):
        folder = folder_of(["images"], {"dataset.json": content})
        with pytest.raises(UserError, match="dataset.json: expected Karpathy's form, .*, or COCO's"):
            read(folder)


PIXELS = [np.full((8, 8, 3), number, "uint8") for number in range(40)]
TEXTS = [f"a {number}" for number in range(40)]


@pytest.mark.parametrize(
    ("pixels", "text", "message"),
    [
        (None, "x", "no picture"),
        (float("nan"), "x", "no picture"),
        (PIXELS[0][..., 0], "x", r"pixels are uint8 \(height, width, 3\), not uint8 \(8, 8\)"),
        (np.zeros((3, 8, 8), "uint8"), "x", r"not uint8 \(3, 8, 8\)"),
        (np.zeros((8, 8, 4), "uint8"), "x", r"not uint8 \(8, 8, 4\)"),
        (PIXELS[0] / 255, "x", "not float64"),
        (np.full((8, 8, 3), np.nan), "x", "not float64"),
        ([[1], [1, 2]], "x", "no array"),
        (PIXELS[0], None, "empty text"),
        (PIXELS[0], {"en": "x"}, "a dict, not a text"),
        (PIXELS[0], ["x", None], "a NoneType, not a text"),
        (PIXELS[0], 5, "a int, not a text"),
    ],
)
def test_values_in_memory_that_are_no_picture_or_caption(pixels, text, message):
    examples = {"image": [*PIXELS, pixels], "caption": [*TEXTS, text]}
    with pytest.raises(UserError, match=rf"examples\[40\]: (.*{message}).*: mend it, or .* --skip-bad"):
        read("memory", examples)
    assert sum(map(len, read("memory", examples, skip_bad=True).values())) == 40
