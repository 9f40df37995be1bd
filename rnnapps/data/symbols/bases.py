"""Bases of DNA and RNA as numbers, their reverse complement, and k-mers."""

from typing import Any

import numpy as np

MAX_BASES = 100_000  # of one sequence: beyond this it is a chromosome, to be cut into windows first
PADDING, UNKNOWN = 0, 5  # codes; 1 to 4 are A, C, G, T, so that the complement of a base is 5 minus it
COMPLEMENT = np.array([PADDING, 4, 3, 2, 1, UNKNOWN], "uint8")
LETTERS = "ACGTURYSWKMBDHVN"  # of IUPAC; those behind U stand for two or more bases
CODES = np.full(256, UNKNOWN, "uint8")
CODES[[ord(letter) for letter in "ACGTUacgtu"]] = [1, 2, 3, 4, 4] * 2


def sequence_problem(sequence: Any) -> str | None:
    """What is wrong with a sequence that a user gives, or None."""
    if not isinstance(sequence, str):
        return f"a {type(sequence).__name__}, not a sequence of letters"
    if not sequence.strip():
        return "empty sequence"
    if len(sequence) > MAX_BASES:
        return f"a sequence of {len(sequence):,} bases ({MAX_BASES:,} are allowed): cut it into windows"
    for position, letter in enumerate(sequence.strip(), start=1):
        if letter not in LETTERS + LETTERS.lower():
            return f"'{letter}' at position {position} is no base ({', '.join(LETTERS)})"
    return None


def encode(sequence: str) -> np.ndarray:
    """The codes of the bases, uint8 `(time,)`; U is read as T, and letters for several are unknown."""
    return CODES[np.frombuffer(sequence.strip().encode("ascii"), "uint8")]


def reverse_complement(bases: np.ndarray) -> np.ndarray:
    """The other strand, read in its own direction, of bases `(time,)`."""
    return COMPLEMENT[bases][::-1]


def both_strands(sequence: str) -> tuple[str, str]:
    """A sequence in upper case with T for U, and its reverse complement."""
    letters, bases = np.frombuffer(b"-ACGTN", "uint8"), encode(sequence)
    return letters[bases].tobytes().decode(), letters[reverse_complement(bases)].tobytes().decode()


def kmers(bases: np.ndarray, k: int) -> np.ndarray:
    """The overlapping k-mers of bases `(time,)`, int32 ids `(max(1, time - k + 1),)`.

    2 is AA..A and `4**k + 1` is TT..T; 1 is a k-mer with an unknown base, and a sequence shorter than k;
    0 is left to padding.
    """
    steps = len(bases) - k + 1
    if steps < 1:
        return np.ones(1, "int32")
    windows = np.lib.stride_tricks.sliding_window_view(bases, k)
    ids = (windows.astype("int32") - 1) @ (4 ** np.arange(k - 1, -1, -1, dtype="int32"))
    return np.where((windows == UNKNOWN).any(axis=1), 1, ids + 2).astype("int32")
