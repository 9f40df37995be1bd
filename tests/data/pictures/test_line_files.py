"""With folders of lines made on the spot, in the forms in which people have them."""

import logging
import shutil

import numpy as np
import pytest
from PIL import Image

from rnnapps.data.lines.source_config import LineSourceConfig
from rnnapps.data.pictures.line_files import LONGEST_TEXT, list_line_pictures
from rnnapps.errors import UserError

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">
  <Page imageFilename="{}" imageWidth="100" imageHeight="60"><TextRegion id="r">
    <TextLine id="a"><Coords points="0,0 100,0 100,20 0,20"/>
      <TextEquiv><Unicode>first</Unicode></TextEquiv></TextLine>
    <TextLine id="b"><Coords points="0,20 100,20 100,40 0,40"/>
      <TextEquiv><Unicode> </Unicode></TextEquiv></TextLine>
    <TextLine id="c"><Coords points="0,40 100,40 100,60 0,60"/>
      <TextEquiv><Unicode>third</Unicode></TextEquiv></TextLine>
  </TextRegion></Page>
</PcGts>
"""


def listed(path, **options):
    return list(list_line_pictures(path, LineSourceConfig(data=path, **options)))


def texts(path, **options):
    return [line.text for line in listed(path, **options)]


@pytest.fixture
def put(tmp_path):
    """Writes texts, pages, and pictures of a grey, which tells them apart."""

    def write(**files):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, int):
                Image.new("L", (100, 60), content).save(file)
            else:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


class TestPairs:
    @pytest.mark.parametrize("end", [".gt.txt", ".txt", ".GT.TXT"])
    def test_beside_each_other(self, put, end):
        path = put(
            **{"a.png": 200, f"a{end}": "first\r\n", "b.c.tif": 100, f"b.c{end}": "\ufeffse\xe7ond"}
        )
        first, second = listed(path)
        assert (first.text, first.split, first.group) == ("first", "train", None)
        assert (second.text, second.where) == ("se\xe7ond", str(path / "b.c.tif"))
        assert first.read().tolist() == np.full((60, 100), 200).tolist() and second.read()[0, 0] == 100

    def test_versions_of_ocropy(self, put):
        path = put(
            **{"1.bin.png": 10, "1.nrm.png": 20, "1.gt.txt": "a", "2.bin.png": 30, "2.gt.txt": "b"}
        )
        assert [line.read()[0, 0] for line in listed(path)] == [20, 30]
        put(**{"1.png": 40})
        assert [line.read()[0, 0] for line in listed(path)] == [40, 30]

    def test_other_files_are_none_of_them(self, put):
        path = put(
            **{"1.png": 1, "1.gt.txt": "a", "1.pred.txt": "b", "notes.txt": "c", "._1.png": b"mac"}
        )
        put(**{".git/2.png": 2, "lines.pdf": b"%PDF"})
        assert texts(path) == ["a"]
        (path / "1.gt.txt").rename(path / "1.txt")
        (path / "1.pred.txt").unlink()
        (path / "notes.txt").rename(path / "README.txt")
        assert texts(path) == ["a"]

    def test_splits_and_their_folders(self, put):
        path = put(**{"train/1.png": 1, "train/1.gt.txt": "a", "val/2.png": 2, "val/2.txt": "b"})
        put(**{"test/3.png": 3, "test/3.gt.txt": "c", "4.png": 4, "4.gt.txt": "not used"})
        assert [(line.text, line.split) for line in listed(path)] == [
            ("a", "train"),
            ("b", "validation"),
            ("c", "test"),
        ]

    def test_several_folders_are_groups(self, put):
        path = put(
            **{
                f"{name}/lines/1.{end}": 1 if end == "png" else name
                for name in "ab"
                for end in ("png", "txt")
            }
        )
        assert [line.group for line in listed(path)] == [None, None]
        put(**{"c/1.png": 1, "c/1.txt": "c"})
        assert [line.group for line in listed(path)] == ["a/lines", "b/lines", "c"]

    def test_one_without_the_other(self, put, caplog):
        path = put(**{"1.png": 1, "1.gt.txt": "a", "2.png": 2})
        with pytest.raises(
            UserError, match="2.png: no text beside it, 2.gt.txt: mend it, or leave such li"
        ):
            listed(path)
        put(**{"3.gt.txt": "c"})
        with caplog.at_level(logging.WARNING):
            assert texts(path, skip_bad=True) == ["a"]
        assert "3.gt.txt: no picture 3 beside it" in caplog.text
        assert "2 of 3 lines left out (--skip-bad)" in caplog.text

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"caf\xe9", "1.txt:1: not UTF-8 \\(byte 0xe9\\)"),
            (b"%PDF-", "1.txt: this is a PDF file"),
            (b"a" * (LONGEST_TEXT + 1), "1.txt: more than 100,000 bytes: not the text of a line"),
        ],
    )
    def test_bad_texts(self, put, content, message):
        path = put(**{"1.png": 1, "1.txt": content, "2.png": 2, "2.txt": "b"})
        with pytest.raises(UserError, match=message):
            listed(path)
        assert texts(path, skip_bad=True) == ["b"]

    def test_encoding_and_an_empty_text(self, put):
        path = put(**{"1.png": 1, "1.txt": b"caf\xe9", "2.png": 2, "2.txt": " \n"})
        assert texts(path, encoding="latin-1") == ["caf\xe9", ""]  # which the reader refuses

    def test_a_damaged_picture_is_told_when_it_is_read(self, put):
        (line,) = listed(put(**{"1.png": b"none", "1.txt": "a"}))
        with pytest.raises(UserError, match="1.png: not a readable picture"):
            line.read()


class TestTables:
    @pytest.mark.parametrize("folder", ["", "images/", "lines/"])
    def test_columns(self, put, folder):
        table = (
            'file,split,document,text\na.png,train,d,one "\nb.png,val,d2,two\nc.png,Test,,three\n'
        ).replace(",", "\t")
        path = put(**{"lines.tsv": table, **{f"{folder}{name}.png": ord(name) for name in "abc"}})
        for source in (path, path / "lines.tsv"):
            lines = listed(source)
            assert [(line.text, line.split, line.group) for line in lines] == [
                ('one "', "train", "d"),
                ("two", "validation", "d2"),
                ("three", "test", None),
            ]
            assert lines[1].where == str(path / "lines.tsv:3")
            assert [line.read()[0, 0] for line in lines] == [97, 98, 99]

    def test_other_columns_and_writers(self, put):
        rows = "image,words,document,writer\n./a.png,one,1,me\n"
        path = put(**{"any.csv": rows, "a.png": 1})
        (line,) = listed(path, file_column="image", text_column="words")
        assert (line.text, line.group) == ("one", "me")
        with pytest.raises(
            UserError, match="no column 'file': it has image, words, document, writer: ch"
        ):
            listed(path)

    def test_without_a_header(self, put):
        path = put(**{"lines.csv": "a.png,one\nb.png,two\n", "a.png": 1, "b.png": 2})
        assert texts(path, header=False) == ["one", "two"]
        with pytest.raises(
            UserError, match="no column 'file': it has a.png, one: choose with --file-column"
        ):
            listed(path)

    def test_of_hugging_face(self, put):
        row = '{"file_name": "1.png", "text": "%s"}\n'
        path = put(**{"train/metadata.jsonl": row % "a", "train/1.png": 1})
        put(**{"test/metadata.jsonl": row % "b", "test/1.png": 2})
        assert [(line.text, line.split, line.read()[0, 0]) for line in listed(path)] == [
            ("a", "train", 1),
            ("b", "test", 2),
        ]

    def test_tables_of_the_splits(self, put):
        path = put(**{"train.csv": "file,text\na.png,one\n", "test.csv": "file,text\na.png,two\n"})
        put(**{"a.png": 1})
        assert [(line.text, line.split) for line in listed(path)] == [("one", "train"), ("two", "test")]

    def test_bad_rows(self, put, caplog):
        rows = [
            '{"file": "a.png", "text": "one"}',
            '{"file": "none.png", "text": "two"}',
            '{"file": ["a.png"], "text": "three"}',
            '{"file": " ", "text": "four"}',
            '{"file": "a.png", "text": "five", "writer": [1]}',
            '{"file": "a.png", "text": "six", "split": {}}',
            '{"file": "a\\u0000.png", "text": "seven"}',
            f'{{"file": "{"a" * 5000}", "text": "eight"}}',
        ]
        path = put(**{"lines.jsonl": "\n".join(rows), "a.png": 1})
        with pytest.raises(
            UserError, match=r"lines.jsonl:2: [^\n]*none.png: no such file: mend it, or leave"
        ):
            listed(path)
        with caplog.at_level(logging.WARNING):
            assert texts(path, skip_bad=True) == ["one"]
        assert "7 of 8 lines left out" in caplog.text
        for number, problem in (
            (3, "no file named"),
            (4, "no file named"),
            (5, "'writer': a list"),
        ):
            assert f"lines.jsonl:{number}: {problem}" in caplog.text

    def test_another_split_is_counted(self, put, caplog):
        rows = "file,text,split\na.png,one,train\na.png,two,extra\na.png,three,extra\n"
        with caplog.at_level(logging.WARNING):
            assert texts(put(**{"lines.csv": rows, "a.png": 1})) == ["one"]
        assert "2 lines of the split 'extra' are not used" in caplog.text

    def test_two_tables(self, put):
        path = put(**{"lines.csv": "file,text\na.png,one\n", "lines.tsv": "file\ttext\n"})
        with pytest.raises(UserError, match="both lines.csv and lines.tsv: keep one of them"):
            listed(path)


class TestPages:
    def test_lines_with_a_text(self, put, caplog):
        path = put(
            **{"1.xml": PAGE.format("1.png"), "1.png": 200, "2.XML": PAGE.format("2.png"), "2.png": 90}
        )
        put(**{"mets.xml": "<mets/>", "1.txt": "first\n\nthird"})
        with caplog.at_level(logging.INFO):
            lines = listed(path)
        assert [(line.text, line.group) for line in lines] == [
            ("first", "1.xml"),
            ("third", "1.xml"),
            ("first", "2.XML"),
            ("third", "2.XML"),
        ]
        assert lines[1].where == f"{path / '1.xml'}: line 'c'"
        assert "2 lines without a text are not used" in caplog.text
        assert [(line.read().shape, line.read()[0, 0]) for line in lines[1:3]] == [
            ((20, 100), 200),
            ((20, 100), 90),
        ]
        assert [line.group for line in listed(path / "1.xml")] == ["1.xml", "1.xml"]

    def test_a_picture_is_decoded_once_for_its_lines(self, put):
        first, last = listed(put(**{"1.xml": PAGE.format("1.png"), "1.png": 200}) / "1.xml")
        first.read()
        Image.new("L", (100, 60), 90).save(first.read.args[0].picture)
        assert last.read()[0, 0] == 200

    def test_folders_are_groups_and_splits(self, put):
        for folder in ("train/a", "train/b", "train/c", "test"):
            path = put(**{f"{folder}/page/1.xml": PAGE.format("1.png"), f"{folder}/1.png": 200})
        assert [(line.split, line.group) for line in listed(path)[::2]] == [
            ("train", "a/page"),
            ("train", "b/page"),
            ("train", "c/page"),
            ("test", "page/1.xml"),
        ]

    def test_two_forms_of_a_page(self, put, caplog):
        path = put(**{"page/1.xml": PAGE.format("1.png"), "1.png": 200})
        shutil.copytree(path / "page", path / "xml")
        with caplog.at_level(logging.WARNING):
            assert texts(path) == ["first", "third"]
        assert (
            f"xml/1.xml: its picture is that of {path / 'page/1.xml'}: the page is not used"
            in caplog.text
        )

    def test_damaged_pages(self, put):
        path = put(
            **{
                "1.xml": PAGE.format("1.png"),
                "1.png": 1,
                "2.xml": PAGE.rpartition("<")[0],
                "3.xml": PAGE.format("3.png"),
            }
        )
        with pytest.raises(
            UserError, match="2.xml:[0-9]+: not XML that can be read: no element found: mend it"
        ):
            listed(path)
        assert texts(path, skip_bad=True) == ["first", "third"]

    def test_a_picture_that_is_missing_or_another(self, put):
        path = put(**{"1.xml": PAGE.format("1.png")})
        with pytest.raises(UserError, match="1.xml: its picture '1.png' is not in "):
            listed(path)
        Image.new("L", (60, 100)).save(path / "1.png")
        with pytest.raises(UserError, match="1.xml: its picture has 60 x 100 pixels"):
            listed(path)[0].read()


class TestNothing:
    def test_what_is_expected_is_said(self, put):
        path = put(**{"1.png": 1})
        for source in (path, put(**{"other/a.pdf": b""}) / "other"):
            with pytest.raises(
                UserError, match="expected pictures with .gt.txt or .txt beside each, a table"
            ):
                listed(source)
        with pytest.raises(
            UserError, match="1.png: a picture has no text: give the folder with its .gt.txt"
        ):
            listed(path / "1.png")
        with pytest.raises(UserError, match="none: no such file"):
            listed(path / "none")
        with pytest.raises(UserError, match="other/a.pdf: unknown kind of file"):
            listed(path / "other" / "a.pdf")

    def test_no_line_has_a_text(self, put):
        page = PAGE.format("1.png").replace("first", "").replace("third", "")
        with pytest.raises(UserError, match="1.xml: no line with a text in it"):
            listed(put(**{"1.xml": page, "1.png": 1}) / "1.xml")
