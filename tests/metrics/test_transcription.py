"""Scores of texts that were read."""

import pytest

from rnnapps.metrics.transcription import transcription_report


def test_edits_over_the_characters_and_words_of_the_references():
    report = transcription_report(
        ["the cot", "a dog", "mouse"], ["the cat", "a dg", "a mouse"], ["x", "y", "y"]
    )
    # o for a; an o too many; "a " lacks.
    assert report["rows"] == 3 and report["cer"] == pytest.approx(4 / 18)
    assert report["wer"] == pytest.approx(3 / 6) and report["exact"] == 0
    assert (report["substitutions"], report["insertions"], report["deletions"]) == (1, 1, 2)
    assert sorted(report["confused"]) == [["", "o", 1], [" ", "", 1], ["a", "", 1], ["a", "o", 1]]
    assert "jiwer:" in report["signature"]


def test_intervals_are_of_whole_groups():
    right, wrong = ["abcd"] * 20, ["abcx"] * 20
    even = transcription_report(wrong, right, [str(i) for i in range(20)])
    assert even["cer_interval"] == pytest.approx([0.25, 0.25])
    half = ["abcd"] * 10 + ["abcx"] * 10
    one, many = (
        transcription_report(half, right, groups)["cer_interval"]
        for groups in (["a"] * 10 + ["b"] * 10, [str(i) for i in range(20)])
    )
    assert one == pytest.approx([0, 0.25])  # either group may be drawn twice
    assert 0.06 < many[0] < 0.09 and 0.16 < many[1] < 0.19


def test_a_single_group_has_no_interval():
    report = transcription_report(["abcx", "ab"], ["abcd", "ab"], ["x", "x"])
    assert report["cer_interval"] is None and report["wer_interval"] is None


def test_an_empty_text_is_all_deletions():
    report = transcription_report(["", "ab"], ["abc", "ab"], ["x", "y"])
    assert report["deletions"] == 3 and report["cer"] == pytest.approx(0.6) and report["exact"] == 0.5


def test_edits_word_by_word():
    report = transcription_report(
        ["the cot", "a dog so", "mouse"], ["the cat", "a dog", "a mouse"], ["x", "y", "y"], "words"
    )
    assert (report["substitutions"], report["insertions"], report["deletions"]) == (1, 1, 1)
    assert sorted(report["confused"]) == [["", "so", 1], ["a", "", 1], ["cat", "cot", 1]]
    assert report["wer"] == pytest.approx(3 / 6) and report["exact"] == 0
