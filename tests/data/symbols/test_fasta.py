"""FASTA files, alone and as a source of labelled sequences."""

import lzma

import pytest

from rnnapps.data.symbols.fasta import read_fasta, read_labelled_sequences
from rnnapps.errors import UserError

RECORDS = ">one first\nACGT\nAC\n\n> two\nTTga\n"


def test_records(tmp_path):
    plain, packed = tmp_path / "a.fa", tmp_path / "b.fasta.xz"
    plain.write_text(RECORDS)
    packed.write_bytes(lzma.compress(RECORDS.replace("\n", "\r\n").encode()))
    rows = read_fasta(plain)
    assert [row.fields for row in rows] == [
        {"name": "one first", "sequence": "ACGTAC"},
        {"name": "two", "sequence": "TTga"},
    ]
    assert [row.where for row in rows] == ["a.fa:1", "a.fa:5"]
    assert [row.fields for row in read_fasta(packed)] == [row.fields for row in rows]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.fa: the file has no sequences"),
        (b"ACGT\n", "a.fa:1: not FASTA: a sequence begins with a line '>name'"),
        (b">\xff\n", "a.fa:1: not UTF-8"),
    ],
)
def test_what_is_no_fasta(tmp_path, content, message):
    (tmp_path / "a.fa").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_fasta(tmp_path / "a.fa")


def test_a_file_for_each_label(tmp_path):
    for label in ("yes", "no"):
        (tmp_path / f"{label}.fa").write_text(RECORDS)
    splits = read_labelled_sequences(tmp_path)
    assert [row.fields["label"] for row in splits["train"]] == ["no", "no", "yes", "yes"]
    for split in ("train", "test"):
        (tmp_path / "both" / split).mkdir(parents=True)
        (tmp_path / "both" / split / "yes.fa").write_text(RECORDS)
    assert {split: len(rows) for split, rows in read_labelled_sequences(tmp_path / "both").items()} == {
        "train": 2,
        "test": 2,
    }
    (tmp_path / "both" / "val").mkdir()
    with pytest.raises(UserError, match="val: no FASTA files in it"):
        read_labelled_sequences(tmp_path / "both")
    with pytest.raises(UserError, match="FASTA has no labels: give a folder"):
        read_labelled_sequences(tmp_path / "yes.fa")
    with pytest.raises(UserError, match="nowhere: no such file|unknown kind of file"):
        read_labelled_sequences(tmp_path / "nowhere")
