"""What reads lines without a network of ours."""

import logging

import numpy as np
import pytest

from rnnapps.evaluation.reading_baselines import tesseract_lines

WORKS = """case "$1" in
--version) echo "tesseract 5.3.0"; echo " leptonica";;
--list-langs) echo "List of available languages (2):"; echo eng; echo osd;;
*) while read -r file || [ -n "$file" ]; do
     case "$file" in *1.png) printf "\\f";; *) printf "read  ${file##*/}\\n\\f";; esac
   done < "$1";;
esac"""


@pytest.fixture
def tesseract(tmp_path, monkeypatch):
    def install(script):
        file = tmp_path / "tesseract"
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return install


PICTURES = [np.full((20, 80), 255, "uint8")] * 3


def test_a_text_for_each_picture_even_where_it_reads_none(tesseract):
    tesseract(WORKS)
    assert tesseract_lines(PICTURES) == ("tesseract 5.3.0 (eng)", ["read 0.png", "", "read 2.png"])


@pytest.mark.parametrize("script", ["exit 1", WORKS.replace("printf", "exit 1; printf")])
def test_one_that_fails_is_named_and_left_out(tesseract, caplog, script):
    tesseract(script)
    with caplog.at_level(logging.WARNING):
        assert tesseract_lines(PICTURES) is None
    assert "tesseract: left out of the baselines" in caplog.text


def test_none_is_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tesseract_lines(PICTURES) is None
