import lzma

import pytest

from rnnapps.data.row import Row
from rnnapps.data.table_source_config import TableSourceConfig
from rnnapps.data.tables import read_table, read_tables
from rnnapps.errors import UsageError, UserError


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


def test_values_of_jsonl_stay_what_they_are_and_what_is_missing_is_empty(tmp_path):
    file = write(tmp_path / "a.jsonl", '{"text": "x", "label": 1}\n\n{"text": null, "label": "b"}\n')
    assert [row.fields for row in read_table(file)] == [
        {"text": "x", "label": 1},
        {"text": "", "label": "b"},
    ]
    file = write(tmp_path / "b.jsonl", '{"a": {"en": "x"}, "b": [1], "c": NaN}\n')
    assert read_table(file)[0].fields == {"a": {"en": "x"}, "b": [1], "c": ""}


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
        ("a.csv", b"text,text,label\na,b,c\n", "a.csv:1: two columns are named 'text': rename one"),
        ("a.csv", b"text, text\na,b\n", "a.csv:1: two columns are named 'text'"),
        ("a.jsonl", b'{"text": "a", "text": "b"}\n', "a.jsonl:1: two fields are named 'text'"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1: not JSON that can be read"),
        ("a.json", b'[{"text": "a"}, "b"]', r"a.json\[1\]: not a JSON object"),
        ("a.json", b'{\n"text": "a"\n}', "a.json: expected an array of objects, or an object a line"),
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


ROWS = [{"text": "good, or so", "label": "1"}, {"text": "bad", "label": "0"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", "text;label\r\ngood, or so;1\r\nbad;0\r\n"),
        ("hint.csv", "sep=;\r\ntext;label\r\ngood, or so;1\r\nbad;0\r\n"),
        ("tabs.csv", 'text\tlabel\n"good, or so"\t1\nbad\t0\n'),
        ("bars.csv", "text| label\ngood, or so|1\nbad|0\n"),
        ("spaces.csv", ' text , label \n"good, or so",1\nbad,0\n'),
        ("quoted.csv", '"text";"label"\n"good, or so";"1"\nbad;0\n'),
        ("macintosh.csv", 'text,label\r"good, or so",1\rbad,0\r'),
        ("macintosh.jsonl", '{"text": "good, or so", "label": "1"}\r{"text": "bad", "label": "0"}'),
        ("tabs.txt", "text\tlabel\ngood, or so\t1\nbad\t0\n"),
        ("commas.txt", 'text,label\n"good, or so",1\nbad,0\n'),
        ("fasttext.txt", "__label__1 good, or so\n\n__label__0 bad\n"),
        ("lines.json", '{"text": "good, or so", "label": "1"}\n{"text": "bad", "label": "0"}\n'),
        ("array.json", '[{"text": "good, or so", "label": "1"},\n{"text": "bad", "label": "0"}]'),
    ],
)
def test_tables_as_people_have_them(tmp_path, name, content):
    assert [row.fields for row in read_table(write(tmp_path / name, content))] == ROWS


def test_unicode_text_of_excel(tmp_path):
    content = 'text\tlabel\r\n"good, or so"\t1\r\nbad\t0\r\n'
    file = write(tmp_path / "a.txt", content.encode("utf-16"))
    assert [row.fields for row in read_table(file)] == ROWS


def test_a_comma_divides_where_there_is_one(tmp_path):
    file = write(tmp_path / "a.csv", '"a;b",text\n1,x\n')
    assert read_table(file)[0].fields == {"a;b": "1", "text": "x"}


def test_without_a_header_columns_are_numbered(tmp_path):
    config = TableSourceConfig(header=False)
    for name, content in (("a.csv", '"0","a, b"\n"4","c"\n'), ("a.tsv", "0\ta, b\n4\tc\n")):
        rows = read_table(write(tmp_path / name, content), config)
        assert rows == [
            Row(f"{name}:1", {"1": "0", "2": "a, b"}),
            Row(f"{name}:2", {"1": "4", "2": "c"}),
        ]


def test_rows_with_other_columns_can_be_left_out(tmp_path, caplog):
    file = write(tmp_path / "a.csv", "text,label\na,b,c\nd,e\n")
    with pytest.raises(UserError, match="a.csv:2: 3 columns, but the first line has 2: .* --skip-bad"):
        read_table(file, TableSourceConfig())
    assert len(read_table(file, TableSourceConfig(skip_bad=True))) == 1
    assert "a.csv: 1 of 2 rows left out" in caplog.text


def test_several_labels_of_fasttext_are_none(tmp_path):
    file = write(tmp_path / "a.txt", "__label__a __label__b both\nnothing __label__a\n")
    assert [row.fields["label"] for row in read_table(file)] == [["a", "b"], "a"]


def test_tables_of_a_folder_may_be_of_other_kinds(tmp_path):
    write(tmp_path / "train.json", '{"text": "x"}')
    write(tmp_path / "dev.json", '{"text": "y"}')
    assert {split: len(rows) for split, rows in read_tables(tmp_path).items()} == {
        "train": 1,
        "validation": 1,
    }
    write(tmp_path / "train.csv", "text\nz\n")  # then the others are something else
    assert {split: rows[0].fields for split, rows in read_tables(tmp_path).items()} == {
        "train": {"text": "z"}
    }


def test_an_encoding_is_one_that_python_knows():
    with pytest.raises(UsageError, match="--encoding must be an encoding that Python knows, got latin0"):
        TableSourceConfig(encoding="latin0")
    with pytest.raises(UsageError, match="--encoding must be"):
        TableSourceConfig(encoding="base64")
