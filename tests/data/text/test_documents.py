"""Running text from files as people have them, in splits."""

import io
import json
import lzma

import pytest

from rnnapps.data.text.document_source_config import DocumentSourceConfig
from rnnapps.data.text.documents import read_documents
from rnnapps.errors import UsageError, UserError

SENTENCES = [f"This is sentence number {number}, and it says nothing else.\n" for number in range(40)]


def read(data, embedded=None, **options):
    return read_documents(DocumentSourceConfig(data=str(data), **options), embedded)


def test_a_single_file_is_cut_in_three_in_order(tmp_path):
    text = "".join(SENTENCES)
    (tmp_path / "book.txt").write_text(text)
    splits = read(tmp_path / "book.txt", validation_share=0.2, test_share=0.1)
    parts = [splits[split].texts[0] for split in ("train", "validation", "test")]
    assert "".join(parts) == text and not splits["train"].ends
    assert [len(part) / len(text) for part in parts] == pytest.approx([0.7, 0.2, 0.1], abs=0.01)


def test_the_usual_division_of_tiny_shakespeare_has_no_test_text(tmp_path):
    text = "a" * 1003 + "b" * 111
    (tmp_path / "input.txt").write_text(text)
    splits = read(tmp_path / "input.txt", validation_share=0.1, test_share=0.0)
    assert splits["train"].texts == ["a" * 1003] and splits["validation"].texts == ["b" * 111]
    assert len(splits["test"]) == 0


def test_files_named_after_splits_belong_together(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / f"ptb.{split}.txt").write_text(f" the {split} text \n of two lines \n")
    (tmp_path / "notes.txt").write_text("something else")
    splits = read(tmp_path / "ptb.train.txt")
    assert {split: one.texts for split, one in splits.items()} == {
        "train": [" the train text \n of two lines \n"],
        "validation": [" the valid text \n of two lines \n"],
        "test": [" the test text \n of two lines \n"],
    }
    with pytest.raises(UserError, match=r"notes\.txt: named after no split, and others here are"):
        read(tmp_path)
    (tmp_path / "notes.txt").unlink()
    assert read(tmp_path) == splits
    assert read(tmp_path / "ptb.test.txt")["train"].texts[0].startswith(" the test")


def test_a_folder_of_files_is_divided_by_document(tmp_path):
    for number, sentence in enumerate(SENTENCES):
        (tmp_path / f"{number}.txt").write_text(sentence)
    (tmp_path / ".DS_Store").write_bytes(b"\0\1")
    splits = read(tmp_path, validation_share=0.2, test_share=0.2)
    found = [text for split in splits.values() for text in split.texts]
    assert sorted(found) == sorted(SENTENCES) and splits["train"].ends
    assert all(len(split) >= 2 for split in splits.values())


def test_lines_rows_and_objects_are_documents(tmp_path, monkeypatch):
    lines = [sentence.strip() for sentence in SENTENCES]
    (tmp_path / "a.txt").write_bytes(lzma.compress("\r\n\r\n".join(lines).encode()))
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps({"text": line}) for line in lines))
    (tmp_path / "c.csv").write_text("\n".join(["story", *(f'"{line}"' for line in lines)]))
    wanted = read(tmp_path / "a.txt", documents="lines")
    assert sum(map(len, wanted.values())) == 40 and wanted["train"].ends
    assert read(tmp_path / "b.jsonl") == wanted
    assert read(tmp_path / "c.csv", text_column="story") == wanted
    config = DocumentSourceConfig(data="-", documents="lines")
    stream = io.TextIOWrapper(io.BytesIO("\n".join(lines).encode()))
    monkeypatch.setattr("sys.stdin", stream)
    assert read_documents(config, None) == wanted
    assert read_documents(DocumentSourceConfig(), None, {"text": lines}) == wanted


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "empty.txt").write_text("  \n")
    (tmp_path / "zip.txt").write_bytes(b"PK\x03\x04")
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n{"text": 5}\n{"text": "two"}\n')
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("missing.txt", "no such file"),
        ("empty.txt", "an empty document"),
        ("zip.txt", "a zip archive"),
        ("folder", "no text files in this folder"),
        ("rows.jsonl", "a int, not a text"),
    ):
        with pytest.raises(UserError, match=message):
            read(tmp_path / name)
    assert sum(map(len, read(tmp_path / "rows.jsonl", skip_bad=True).values())) == 2
    with pytest.raises(UserError, match="no column 'story': it has text"):
        read(tmp_path / "rows.jsonl", text_column="story")
    with pytest.raises(UsageError, match="leave nothing to train on"):
        DocumentSourceConfig(validation_share=0.5, test_share=0.5)
