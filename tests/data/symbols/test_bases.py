"""Bases, strands and k-mers."""

import numpy as np
import pytest

from rnnapps.data.symbols.bases import (
    both_strands,
    encode,
    kmers,
    reverse_complement,
    sequence_problem,
)


def test_codes_and_strands():
    assert encode("ACGTUacgtN").tolist() == [1, 2, 3, 4, 4, 1, 2, 3, 4, 5]
    assert both_strands("aacgu") == ("AACGT", "ACGTT")
    assert both_strands("ANC")[1] == "GNT"
    bases = np.random.default_rng(0).integers(1, 6, 50, dtype="uint8")
    np.testing.assert_array_equal(reverse_complement(reverse_complement(bases)), bases)


def test_kmers():
    assert kmers(encode("AAAC"), 3).tolist() == [2, 3]
    assert kmers(encode("TTT"), 3).tolist() == [65]
    assert kmers(encode("ANAAA"), 2).tolist() == [1, 1, 2, 2]
    assert kmers(encode("AC"), 3).tolist() == [1]  # too short for one
    every = encode("".join(a + b for a in "ACGT" for b in "ACGT"))[: 2 * 16]
    assert kmers(every, 2)[::2].tolist() == list(range(2, 18))
    assert kmers(every, 1).dtype == np.int32


@pytest.mark.parametrize(
    ("sequence", "problem"),
    [
        ("", "empty sequence"),
        ("  ", "empty sequence"),
        ("ACXT", "'X' at position 3 is no base"),
        ("ACß", "'ß' at position 3 is no base"),
        ("AC\u017f", "'\u017f' at position 3 is no base"),  # whose upper case is S, a letter of IUPAC
        ("A" * 100_001, "100,001 bases"),
        (3, "a int, not a sequence"),
    ],
)
def test_problems(sequence, problem):
    assert problem in sequence_problem(sequence)
    assert sequence_problem("ACGUNryk") is None
