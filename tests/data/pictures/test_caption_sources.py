"""With real pictures: the embedded emoji, and some of them as a user's folder."""

import csv
import io
import json
import logging
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from rnnapps import datasets
from rnnapps.data.combinations import hold_out_combinations
from rnnapps.data.pictures.source_config import CaptionSourceConfig
from rnnapps.data.pictures.sources import read_captioned_pictures
from rnnapps.data.splits import content_key, split_of
from rnnapps.errors import UsageError, UserError

EMBEDDED = datasets.path("emoji")
ADVICE = "mend it, or leave such {} out with --skip-bad"


def read(data="embedded", **options):
    return read_captioned_pictures(CaptionSourceConfig(str(data), **options), EMBEDDED)


def sizes(parts):
    return {part: len(pictures) for part, pictures in parts.items()}


def names(pictures):
    """The names of the files."""
    return [picture.where.rpartition("/")[2] for picture in pictures]


def captions(parts):
    """The captions of each picture, by the name of its file."""
    pictures = [picture for part in parts.values() for picture in part]
    return dict(zip(names(pictures), [picture.captions for picture in pictures], strict=True))


@pytest.fixture(scope="module")
def embedded():
    return read()


class TestEmbedded:
    def test_parts(self, embedded):
        # Were one of these to move, every figure ever printed would be about other pictures.
        assert sizes(embedded) == {"train": 3203, "validation": 181, "test": 383}
        assert sum(len(p.captions) for part in embedded.values() for p in part) == 3786
        assert [picture.captions[0] for picture in embedded["test"]][60::60] == [
            "foot: medium-dark skin tone",
            "person facepalming: light skin tone",
            "woman detective: light skin tone",
            "person kneeling",
            "woman mountain biking: medium-light skin tone",
            "couple with heart: person, person, medium skin tone, light skin tone",
        ]

    def test_what_is_held_out_is_new_but_its_words_are_not(self, embedded):
        known = {
            word for p in embedded["train"] for name in p.captions for word in content_key(name).split()
        }
        seen = {name for picture in embedded["train"] for name in picture.captions}
        for part in ("validation", "test"):
            for picture in embedded[part]:
                (name,) = picture.captions
                assert name not in seen
                assert set(content_key(name).split()) <= known

    def test_all_tones_and_directions_of_a_combination_are_in_one_part(self, embedded):
        woman_walks = {"1F6B6-200D-2640", "1F6B6-1F3FB-200D-2640", "1F6B6-1F3FF-200D-2640-200D-27A1"}
        held_out = {picture.where.removeprefix("emoji.webp: ") for picture in embedded["test"]}
        assert woman_walks <= held_out
        assert {"1F6B6", "1F6B6-200D-2642", "1F3C3-200D-2640"}.isdisjoint(held_out)

    def test_pictures(self, embedded):
        pixels = embedded["train"][0].pixels((64, 64))
        assert pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8
        assert embedded["train"][0].captions == ("grinning face",)
        assert pixels[0, 0].tolist() == [255, 255, 255]  # the ground
        red, green, blue = pixels[20, 32].tolist()
        assert red > 200 and green > 150 and blue < 100
        assert embedded["train"][0].pixels((32, 48)).shape == (32, 48, 3)

    def test_a_picture_of_several_emoji_has_all_their_names(self, embedded):
        flags = [p.captions for p in embedded["train"] if "flag: Norway" in p.captions]
        assert flags == [("flag: Bouvet Island", "flag: Norway", "flag: Svalbard & Jan Mayen")]

    def test_no_picture_twice(self, embedded):
        pictures = [picture for part in embedded.values() for picture in part]
        assert len({picture.key for picture in pictures}) == len(pictures)
        content = {picture.pixels((64, 64)).tobytes() for picture in pictures}
        assert len(content) == len(pictures)

    @pytest.mark.parametrize(
        ("language", "name"),
        [("de", "Flagge: Norwegen"), ("ja", "旗: ノルウェー"), ("ru", "флаг: Норвегия")],
    )
    def test_another_language_has_the_same_parts(self, embedded, language, name):
        parts = read(language=language)
        for part in embedded:
            assert [p.key for p in parts[part]] == [p.key for p in embedded[part]]
        assert any(name in picture.captions for picture in parts["train"])
        held_out = {name for part in ("validation", "test") for p in parts[part] for name in p.captions}
        assert held_out.isdisjoint(name for p in parts["train"] for name in p.captions)

    def test_a_language_that_it_has_not(self):
        with pytest.raises(UserError, match="embedded: no names in 'eo': it has en, de, .*--language"):
            read(language="eo")

    @pytest.mark.parametrize("field", ["language", "image_column", "caption_column"])
    def test_names_are_not_empty(self, field):
        with pytest.raises(UsageError, match=f"--{field.replace('_', '-')} must be a name, got  "):
            CaptionSourceConfig(**{field: " "})

    def test_two_columns(self):
        with pytest.raises(UsageError, match="--caption-column must be another than --image-column"):
            CaptionSourceConfig(image_column="file", caption_column="file")


def test_a_combination_trains_if_a_part_of_it_would_be_unseen():
    tested = [name for name in map(str, range(100)) if split_of(name) == "test"][:3]
    examples = [(None, {"a"}), (tested[0], {"a"}), (tested[1], {"b"}), (tested[1], {"a", "b"})]
    assert hold_out_combinations(examples) == ["train", "test", "train", "train"]
    examples.append((None, {"b", "c"}))
    assert hold_out_combinations(examples) == ["train", "test", "test", "test", "train"]


@pytest.fixture(scope="module")
def few(embedded):
    """The files of some pictures, JPEG and PNG, by their names."""
    files = {}
    for number, picture in enumerate(embedded["train"][:60:2]):
        stream = io.BytesIO()
        name = f"{number}.{('jpg', 'png')[number % 2]}"
        Image.fromarray(picture.pixels((64, 64))).save(stream, ("JPEG", "PNG")[number % 2])
        files[name] = stream.getvalue(), (*picture.captions, "a face")
    return files


@pytest.fixture
def folder(tmp_path, few):
    """A folder of these pictures, without captions."""
    (tmp_path / "images").mkdir()
    for name, (content, _) in few.items():
        (tmp_path / "images" / name).write_bytes(content)
    return tmp_path


def part_of(number):
    return ("test", "dev")[number] if number < 2 else "train"


def write_jsonl(folder, few, part=part_of):
    rows = [
        {"file": name, "captions": texts} | ({"split": part(number)} if part else {})
        for number, (name, (_, texts)) in enumerate(few.items())
    ]
    write_lines(folder / "captions.jsonl", map(json.dumps, rows))


def write_csv(folder, few, part=part_of, columns=("image", "caption")):
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, *(["split"] if part else [])])
        for number, (name, (_, texts)) in enumerate(few.items()):
            writer.writerows([name, text, *([part(number)] if part else [])] for text in texts)


def write_flickr8k(folder, few, part=part_of):
    rows = [f"{name}#{i}\t{text}" for name, (_, texts) in few.items() for i, text in enumerate(texts)]
    write_lines(folder / "Flickr8k.token.txt", rows)
    for list_name in ("train", "dev", "test") if part else ():
        listed = [name for number, name in enumerate(few) if part(number) == list_name]
        write_lines(folder / f"Flickr_8k.{list_name}Images.txt", listed)


def write_lines(file, lines):
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


FORMS = {"captions.jsonl": write_jsonl, "captions.csv": write_csv, "Flickr8k.token.txt": write_flickr8k}


@pytest.mark.parametrize("form", FORMS)
class TestFolders:
    def test_parts_are_kept(self, folder, few, form):
        FORMS[form](folder, few)
        parts = read(folder)
        assert names(parts["test"]) == ["0.jpg"] and names(parts["validation"]) == ["1.png"]
        assert names(parts["train"]) == list(few)[2:]
        assert captions(parts) == {name: texts for name, (_, texts) in few.items()}
        assert parts["test"][0].where == str(folder / "images" / "0.jpg")
        exact = np.asarray(Image.open(folder / "images" / "1.png"))
        assert np.array_equal(parts["validation"][0].pixels((64, 64)), exact)

    def test_missing_parts_are_lent_by_the_content(self, folder, few, form):
        FORMS[form](folder, few, part=None)
        parts = read(folder)
        assert sum(sizes(parts).values()) == len(few) and min(sizes(parts).values()) > 0
        for file in (folder / "images").iterdir():
            file.rename(file.with_name(f"renamed{file.name}"))
        FORMS[form](folder, {f"renamed{name}": row for name, row in few.items()}, part=None)
        renamed = read(folder)
        assert {part: [f"renamed{name}" for name in names(parts[part])] for part in parts} == {
            part: names(renamed[part]) for part in parts
        }

    def test_one_missing_part_is_lent(self, folder, few, form):
        FORMS[form](folder, few, part=lambda number: "test" if number < 3 else "train")
        if form == "Flickr8k.token.txt":
            (folder / "Flickr_8k.devImages.txt").unlink()
        parts = read(folder)
        assert names(parts["test"]) == ["0.jpg", "1.png", "2.jpg"]
        assert 0 < len(parts["validation"]) < len(few) / 3

    def test_pictures_beside_the_captions(self, folder, few, form):
        for file in (folder / "images").iterdir():
            file.rename(folder / file.name)
        FORMS[form](folder, few)
        assert read(folder)["test"][0].where == str(folder / "0.jpg")

    def test_copies_stay_in_the_last_part_and_it_is_said(self, folder, few, form, caplog):
        (folder / "images" / "copy.jpg").write_bytes(few["0.jpg"][0])
        copies = few | {"copy.jpg": (b"", ("the same",))}
        FORMS[form](folder, copies)
        with caplog.at_level(logging.INFO):
            parts = read(folder)
        assert names(parts["test"]) == ["0.jpg"] and "copy.jpg" not in captions(parts)
        assert (
            "1 train pictures left out: the same content stands in a held-out split too" in caplog.text
        )

    def test_an_empty_caption(self, folder, few, form, caplog):
        FORMS[form](folder, few | {"3.png": (b"", (" ", "a face"))})
        row = {"captions.jsonl": 4, "captions.csv": 8, "Flickr8k.token.txt": 7}[form]
        with pytest.raises(UserError, match=f"{form}:{row}: empty text: {ADVICE.format('captions')}$"):
            read(folder)
        parts = read(folder, skip_bad=True)
        assert captions(parts)["3.png"] == ("a face",)
        assert f"left out: {folder}/{form}:{row}: empty text" in caplog.text
        assert f"{form}: 1 of {2 * len(few)} captions left out (--skip-bad)" in caplog.text

    def test_no_good_caption(self, folder, few, form):
        FORMS[form](folder, {"0.jpg": (b"", ("", " "))}, part=None)
        with pytest.raises(UserError, match=f"{form}: none of its 2 captions is good"):
            read(folder, skip_bad=True)

    def test_not_utf_8(self, folder, few, form):
        FORMS[form](folder, few)
        file = folder / form
        file.write_bytes(file.read_bytes().replace(b"a face", b"caf\xe9", 1))
        with pytest.raises(UserError, match=rf"{form}:\d: not UTF-8"):
            read(folder)

    def test_a_missing_picture(self, folder, few, form, caplog):
        FORMS[form](folder, few)
        (folder / "images" / "2.jpg").unlink()
        reason = f"{folder}/images/2.jpg: no such file or directory"
        with pytest.raises(UserError, match=rf"{form}:\d: {reason}: {ADVICE.format('pictures')}$"):
            read(folder)
        assert len(read(folder, skip_bad=True)["train"]) == len(few) - 3
        assert reason in caplog.text
        assert f"{folder}: 1 of {len(few)} pictures left out (--skip-bad)" in caplog.text


class TestParts:
    def test_names_of_parts(self, folder, few):
        parts = ("train", "restval", "", "Dev", "validation", "val", "validation", " TEST ")
        write_csv(folder, few, part=lambda number: parts[number % 8])
        found = read(folder)
        assert sizes(found) == {"train": 12, "validation": 15, "test": 3}

    def test_other_parts_are_not_used_and_counted(self, folder, few, caplog):
        write_jsonl(folder, few, part=lambda number: part_of(number) if number < 20 else "extra")
        assert len(read(folder)["train"]) == 18
        assert "captions.jsonl: 10 pictures of the split 'extra' are not used" in caplog.text

    @pytest.mark.parametrize("form", FORMS)
    def test_a_picture_in_two_parts(self, folder, few, form):
        FORMS[form](folder, few)
        if form == "Flickr8k.token.txt":
            write_lines(folder / "Flickr_8k.testImages.txt", ["0.jpg", "4.jpg"])
            reason = "Flickr_8k.testImages.txt:2: 4.jpg stands in Flickr_8k.trainImages.txt too: keep it"
        else:
            row = {
                "captions.jsonl": '{"file": "./4.jpg", "captions": ["x"], "split": "test"}',
                "captions.csv": "./4.jpg,x,test",
            }[form]
            with (folder / form).open("a") as stream:
                stream.write(f"{row}\n")
            reason = (
                rf"{form}:\d+: 4.jpg is of the split 'test', but of 'train' at .*{form}:\d+: keep it"
            )
        with pytest.raises(UserError, match=reason):
            read(folder)

    def test_a_part_of_bad_pictures_only(self, folder, few):
        write_jsonl(folder, few)
        (folder / "images" / "0.jpg").write_bytes(b"")
        parts = read(folder, skip_bad=True)
        assert not parts["test"] and parts["train"]  # no others stand in for them

    def test_too_few_pictures(self, folder, few):
        write_jsonl(folder, dict(list(few.items())[:1]), part=None)
        assert sorted(map(len, read(folder).values())) == [0, 0, 1]


class TestFlickr8k:
    def test_pictures_in_no_list_are_not_used_and_counted(self, folder, few, caplog):
        write_flickr8k(folder, few, part=lambda number: part_of(number) if number < 28 else "")
        with (folder / "Flickr8k.token.txt").open("a") as stream:
            stream.write("2258277193_586949ec62.jpg.1#0\tas in the original, without a picture\n")
        assert len(read(folder)["train"]) == 26
        assert "Flickr8k.token.txt: 3 pictures of the split 'in no list' are not used" in caplog.text

    def test_listed_pictures_without_captions_are_counted(self, folder, few, caplog):
        write_flickr8k(folder, few)
        write_lines(folder / "Flickr_8k.testImages.txt", ["0.jpg", "x.jpg", "y.jpg"])
        assert len(read(folder)["test"]) == 1
        assert "Flickr_8k.testImages.txt: 2 pictures that it names have no captions" in caplog.text

    def test_a_list_of_other_pictures(self, folder, few):
        write_flickr8k(folder, few)
        write_lines(folder / "Flickr_8k.testImages.txt", ["x.jpg"])
        with pytest.raises(
            UserError, match="testImages.txt: none of the pictures that it names has captions: mend"
        ):
            read(folder)

    @pytest.mark.parametrize("line", ["4.jpg\ta face", "4.jpg#0 a face", "4.jpg#one\ta face"])
    def test_a_malformed_line(self, folder, few, line, caplog):
        write_flickr8k(folder, few)
        with (folder / "Flickr8k.token.txt").open("a") as stream:
            stream.write(f"{line}\n")
        reason = "Flickr8k.token.txt:61: expected name.jpg#0, a tabulator and a caption"
        with pytest.raises(UserError, match=f"{reason}: {ADVICE.format('captions')}$"):
            read(folder)
        read(folder, skip_bad=True)
        assert reason in caplog.text and "1 of 61 captions left out" in caplog.text

    def test_its_own_folder_of_pictures(self, folder, few):
        (folder / "images").rename(folder / "Flicker8k_Dataset")
        write_flickr8k(folder, few)
        assert read(folder)["test"][0].where == str(folder / "Flicker8k_Dataset" / "0.jpg")


class TestBadFolders:
    def test_no_folder(self, tmp_path):
        with pytest.raises(
            UserError, match="a: no such folder: expected a folder with pictures and capt"
        ):
            read(tmp_path / "a")
        (tmp_path / "a").write_text("")
        with pytest.raises(
            UserError, match="a: this is a file: expected a folder with pictures and capt"
        ):
            read(tmp_path / "a")

    def test_no_captions(self, folder):
        with pytest.raises(
            UserError, match=f"{folder}: no captions.jsonl or captions.csv or Flickr8k.token.txt$"
        ):
            read(folder)

    def test_captions_in_two_forms(self, folder, few):
        write_jsonl(folder, few)
        write_csv(folder, few)
        with pytest.raises(UserError, match="both captions.jsonl and captions.csv: keep one"):
            read(folder)

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (
                '{"file": "4.jpg", "captions": "a face"}',
                'expected {"file": NAME, "captions": .TEXT, ...',
            ),
            ('{"file": "4.jpg", "captions": []}', 'expected {"file": NAME, "captions": .TEXT, ...'),
            ('{"file": "4.jpg", "captions": ["a face", 3]}', 'expected {"file": NAME, "captions": .TEX'),
            ('{"image": "4.jpg", "captions": ["a face"]}', 'expected {"file": NAME, "captions": .TEXT'),
            ('{"file": "4.jpg", "captions": ["a face"], "split": 3}', 'expected {"file": NAME, "capt'),
            ('{"file": " ", "captions": ["a face"]}', "no picture named: mend it"),
        ],
    )
    def test_other_objects(self, folder, few, row, reason, caplog):
        write_jsonl(folder, few)
        with (folder / "captions.jsonl").open("a") as stream:
            stream.write(f"{row}\n")
        with pytest.raises(UserError, match=f"captions.jsonl:31: {reason}"):
            read(folder)
        assert sum(sizes(read(folder, skip_bad=True)).values()) == len(few)
        assert "captions.jsonl: 1 of 61 captions left out (--skip-bad)" in caplog.text

    @pytest.mark.parametrize(("row", "reason"), [("{", "not JSON: "), ("[]", "not a JSON object")])
    def test_not_json(self, folder, few, row, reason):
        write_lines(folder / "captions.jsonl", ["", row])
        with pytest.raises(UserError, match=f"captions.jsonl:2: {reason}"):
            read(folder)

    def test_columns(self, folder, few):
        write_csv(folder, few, columns=("file", "text"))
        with pytest.raises(
            UserError,
            match="no column 'image': it has file, text, split: choose with --image-column and",
        ):
            read(folder)
        assert len(read(folder, image_column="file", caption_column="text")["train"]) == len(few) - 2

    def test_a_language(self, folder, few):
        write_csv(folder, few)
        with pytest.raises(UserError, match=f"{folder}: --language is for the embedded data: drop it"):
            read(folder, language="de")


def animation():
    stream = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green")]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def bomb():
    stream = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"an empty file \(0 bytes\)"),
        (b"no picture", "not a readable picture: expected JPEG, PNG, .*"),
        (bomb(), r"a picture of 10,000 x 10,000 pixels \(50,000,000 are allowed\): make it smaller"),
    ],
)
def test_bad_pictures_stop_or_are_named_and_counted(folder, few, content, reason, caplog):
    write_jsonl(folder, few)
    (folder / "images" / "4.jpg").write_bytes(content)
    with pytest.raises(
        UserError,
        match=f"captions.jsonl:5: {folder}/images/4.jpg: {reason}: {ADVICE.format('pictures')}$",
    ):
        read(folder)
    assert len(read(folder, skip_bad=True)["train"]) == len(few) - 3
    assert "left out: " in caplog.text and "images/4.jpg" in caplog.text
    assert f"{folder}: 1 of {len(few)} pictures left out (--skip-bad)" in caplog.text


def test_bad_pictures_beyond_the_first_ten_are_named_in_the_details(folder, few, caplog):
    write_jsonl(folder, few)
    for name in list(few)[2:14]:
        (folder / "images" / name).write_bytes(b"")
    with caplog.at_level(logging.INFO):
        read(folder, skip_bad=True)
    named = Counter(record.levelname for record in caplog.records if "left out: " in record.message)
    assert named == {"WARNING": 10, "INFO": 2}


def test_a_picture_that_breaks_when_it_is_decoded(folder, few):
    write_jsonl(folder, few)
    file = folder / "images" / "1.png"
    file.write_bytes(file.read_bytes()[:-300])
    (picture,) = read(folder)["validation"]
    with pytest.raises(UserError, match=f"{file}: damaged or cut off"):
        picture.pixels((8, 8))


def test_animations_are_counted_and_used(folder, few, caplog):
    write_jsonl(folder, few)
    (folder / "images" / "4.jpg").write_bytes(animation())
    assert sum(sizes(read(folder)).values()) == len(few)
    assert f"{folder}: 1 pictures have several frames: the first is used" in caplog.text
