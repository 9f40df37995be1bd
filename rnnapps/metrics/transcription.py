"""Scores of texts that were read or heard, beside what was written or said."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

RESAMPLES, SEED = 1000, 0
CONFUSED = 20  # pairs that are told


def transcription_report(
    texts: Sequence[str],
    references: Sequence[str],
    groups: Sequence[str],
    units: Literal["characters", "words"] = "characters",
) -> dict[str, Any]:
    """Score texts by the edits that turn the references into them.

    Args:
        texts: that were read.
        references: what is right, none empty.
        groups: the writer, speaker or document of each: of these the intervals are made.
        units: whose edits are counted one by one.

    Returns:
        A dict for JSON: rows; character and word error rate (`cer`, `wer`: substitutions, insertions and
        deletions over the characters or words of the references) and their 95 % bootstrap intervals over
        groups (Bisani and Ney 2004), None of a single group; these three counts of units; the share of
        texts without an error; the most confused units; and the signature of these.
    """
    import jiwer

    characters = jiwer.process_characters(list(references), list(texts))
    words = jiwer.process_words(list(references), list(texts))
    counted = characters if units == "characters" else words
    confused: Counter[tuple[str, str]] = Counter()
    exact = 0
    for reference, text, chunks in zip(
        counted.references, counted.hypotheses, counted.alignments, strict=True
    ):
        exact += all(chunk.type == "equal" for chunk in chunks)
        for chunk in chunks:
            there = reference[chunk.ref_start_idx : chunk.ref_end_idx]
            read = text[chunk.hyp_start_idx : chunk.hyp_end_idx]
            if chunk.type == "substitute":
                confused.update(zip(there, read, strict=True))
            elif chunk.type == "delete":
                confused.update((one, "") for one in there)
            elif chunk.type == "insert":
                confused.update(("", one) for one in read)
    return {
        "rows": len(texts),
        "cer": characters.cer,
        "cer_interval": _interval(characters, groups),
        "wer": words.wer,
        "wer_interval": _interval(words, groups),
        "exact": exact / len(texts),
        "substitutions": counted.substitutions,
        "insertions": counted.insertions,
        "deletions": counted.deletions,
        "confused": [[*pair, count] for pair, count in confused.most_common(CONFUSED)],
        "signature": f"cer,wer|interval:bootstrap-95-by-group,n={RESAMPLES},seed={SEED}"
        f"|jiwer:{_version()}",
    }


def _version() -> str:
    from importlib.metadata import version

    return version("jiwer")


def _interval(output: Any, groups: Sequence[str]) -> list[float] | None:
    """The 2.5th and 97.5th percentile of the error rate of as many groups, drawn with replacement; None
    of a single group, which says nothing about others.
    """
    names, numbers = np.unique(np.array(groups), return_inverse=True)
    if len(names) < 2:
        return None
    errors, lengths = np.zeros(len(names)), np.zeros(len(names))
    for group, reference, chunks in zip(numbers, output.references, output.alignments, strict=True):
        lengths[group] += len(reference)
        errors[group] += sum(
            max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
            for chunk in chunks
            if chunk.type != "equal"
        )
    shares = np.full(len(names), 1 / len(names))
    draws = np.random.default_rng(SEED).multinomial(len(names), shares, RESAMPLES)
    rates = draws @ errors / np.maximum(draws @ lengths, 1)
    return np.percentile(rates, [2.5, 97.5]).tolist()
