import logging

import pytest
from conftest import write_csv

from rnnapps import datasets
from rnnapps.data.bad_rows import BadRows
from rnnapps.data.row import Row
from rnnapps.data.row_sources import file_of
from rnnapps.data.splits import content_key
from rnnapps.data.text.source_config import TextSourceConfig
from rnnapps.data.text.sources import read_texts
from rnnapps.errors import UserError

EMBEDDED = datasets.path("sentences/sentences.csv.xz")
COLUMNS = ("text", "label")
FLAGS = "--text-column and --label-column"


def read(data, **options):
    return read_texts(TextSourceConfig(data=str(data), **options), COLUMNS, EMBEDDED, FLAGS)


def keys(rows):
    return {content_key(row.fields["text"]) for row in rows}


def test_embedded_parts_share_no_text():
    parts = read("embedded")
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 12901,
        "validation": 1877,
        "test": 3735,
    }
    assert not keys(parts["train"]) & keys(parts["test"])
    assert not keys(parts["train"]) & keys(parts["validation"])
    assert not keys(parts["validation"]) & keys(parts["test"])


def test_folder_keeps_its_parts_and_lends_from_train_what_it_lacks(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences[:400])
    write_csv(tmp_path / "test.csv", sentences[400:500])
    parts = read(tmp_path)
    assert len(parts["test"]) == 100
    assert len(parts["validation"]) + len(parts["train"]) == 400
    assert 20 < len(parts["validation"]) < 60


def test_folder_with_train_only(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences)
    parts = read(tmp_path)
    shares = {name: len(rows) / len(sentences) for name, rows in parts.items()}
    assert shares == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=0.04)


def test_folder_with_all_three_parts(tmp_path, sentences):
    for name, rows in (
        ("train", slice(300)),
        ("validation", slice(300, 400)),
        ("test", slice(400, 500)),
    ):
        write_csv(tmp_path / f"{name}.csv", sentences[rows])
    assert [len(rows) for rows in read(tmp_path).values()] == [300, 100, 100]


def test_copies_of_test_texts_leave_train_and_it_is_said(tmp_path, sentences, caplog):
    write_csv(tmp_path / "train.csv", sentences[:300])
    write_csv(tmp_path / "test.csv", sentences[290:330])
    with caplog.at_level(logging.INFO):
        parts = read(tmp_path)
    assert len(parts["test"]) == 40
    assert not keys(parts["train"]) & keys(parts["test"])
    assert "train rows left out: the same content stands in a held-out split too" in caplog.text


def test_every_name_of_a_split_is_known(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences[:90])
    write_csv(tmp_path / "dev.csv", sentences[100:120])
    assert len(read(tmp_path)["validation"]) == 20
    write_csv(tmp_path / "valid.csv", sentences[130:150])
    with pytest.raises(UserError, match="both valid.csv and dev.csv: keep one of them"):
        read(tmp_path)


def test_two_files_of_one_part(tmp_path, sentences):
    write_csv(tmp_path / "train.csv", sentences[:9])
    (tmp_path / "train.jsonl").write_text("{}")
    with pytest.raises(UserError, match="both train.csv and train.jsonl"):
        read(tmp_path)


def test_folder_without_train(tmp_path):
    with pytest.raises(UserError, match="the folder has no train.csv"):
        read(tmp_path)


def test_wrong_column(sentences_csv):
    with pytest.raises(
        UserError, match="sentences.csv: no column 'review': it has text, label, positive"
    ):
        read_texts(TextSourceConfig(data=str(sentences_csv)), ("review", "label"), EMBEDDED, FLAGS)


def test_bad_rows_stop_or_are_counted(tmp_path, sentences, caplog):
    rows = [*sentences[:50], {"text": "  ", "label": "positive", "positive": "1"}]
    write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match="a.csv:52: empty text: mend it, or .* --skip-bad"):
        read(tmp_path / "a.csv")
    parts = read(tmp_path / "a.csv", skip_bad=True)
    assert sum(map(len, parts.values())) == 50
    assert "1 of 51 rows left out" in caplog.text


def test_a_text_of_100000_words_is_refused(tmp_path, sentences):
    write_csv(tmp_path / "a.csv", [sentences[0] | {"text": "word " * 100_000}])
    with pytest.raises(
        UserError, match=r"a.csv:2: a text of 500,000 characters \(100,000 are allowed\)"
    ):
        read(tmp_path / "a.csv")


def test_half_a_character_is_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "cut \\ud83d", "label": "x"}\n')
    with pytest.raises(UserError, match=r"a.jsonl:1: not a Unicode text"):
        read(tmp_path / "a.jsonl")


def test_no_good_row():
    with pytest.raises(UserError, match="a.csv: none of its 2 rows is good"):
        BadRows("a.csv", "rows", skip=True).good(["", ""], lambda row: "a.csv:2: empty text")


@pytest.mark.parametrize(
    ("where", "file"), [("a.csv:17", "a.csv"), ("tfds:imdb_reviews/test[3]", "tfds:imdb_reviews/test")]
)
def test_file_of(where, file):
    assert file_of(Row(where, {})) == file
