import lzma

import pytest

from rnnapps.data.row import Row
from rnnapps.data.tables import read_table
from rnnapps.errors import UserError


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_with_quotes_and_line_breaks(tmp_path):
    file = write(tmp_path / "a.csv", 'text,label\n"two\nlines, ""quoted""",good\nplain,bad\n')
    assert read_table(file) == [
        Row("a.csv:2", {"text": 'two\nlines, "quoted"', "label": "good"}),
        Row("a.csv:4", {"text": "plain", "label": "bad"}),
    ]


def test_tsv_takes_quotation_marks_as_they_are(tmp_path):
    file = write(tmp_path / "a.tsv", 'text\tlabel\n"Ça va" — não 良い\tgood\n')
    assert read_table(file)[0].fields == {"text": '"Ça va" — não 良い', "label": "good"}


def test_jsonl_numbers_become_text(tmp_path):
    file = write(tmp_path / "a.jsonl", '{"text": "x", "label": 1}\n\n{"text": null, "label": "b"}\n')
    assert [row.fields for row in read_table(file)] == [
        {"text": "x", "label": "1"},
        {"text": "", "label": "b"},
    ]


def test_a_field_that_a_line_of_jsonl_leaves_out_is_empty(tmp_path):
    file = write(tmp_path / "a.jsonl", '{"text": "x"}\n{"label": "b"}\n')
    fields = [row.fields for row in read_table(file)]
    assert fields == [{"text": "x", "label": ""}, {"text": "", "label": "b"}]


def test_xz_and_byte_order_mark(tmp_path):
    file = write(tmp_path / "a.csv.xz", lzma.compress("\ufefftext,label\nx,y\n".encode()))
    assert read_table(file)[0].fields == {"text": "x", "label": "y"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv: the file has no rows"),
        ("a.csv", b"text,label\n", "a.csv: the file has no rows"),
        ("a.csv", b"text,label\nfine,x\ncaf\xe9,x\n", r"a.csv:3: not UTF-8 \(byte 0xe9\)"),
        ("a.csv", b"text,label\na,b,c\n", "a.csv:2: 3 columns, but the first line has 2"),
        ("a.csv", b'text,label\n"open,x\n', "a.csv:2: malformed"),
        ("a.jsonl", b'{"text": 1}\n{oops}\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", b"[1]\n", "a.jsonl:1: not a JSON object"),
        ("a.xlsx", b"PK", "unknown kind of file: expected .csv, .tsv, .jsonl"),
        ("a.csv.xz", b"not xz", "not a readable xz file"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message):
        read_table(write(tmp_path / name, content))


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="nowhere.csv: no such file"):
        read_table(tmp_path / "nowhere.csv")
