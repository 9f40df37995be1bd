"""A `tokenizer.json` from anyone: only such as rnnapps writes gets to the library `tokenizers`.

Its format can say more than our encoders do: regular expressions and replacements that take hours or
all memory, and ids that end the process. A file differs from a new tokenizer of ours in its vocabulary
and merges alone.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from rnnapps.json_files import read_json

LEARNT = ("vocab", "merges")  # what texts decide


def read_tokenizer(file: Path, forms: Sequence[Tokenizer]) -> Tokenizer:
    """Read the tokenizer of a file.

    Args:
        file: its path.
        forms: tokenizers that it may differ from in its vocabulary and merges only.

    Raises:
        ValueError: it is no such file.
    """
    given = read_json(file)
    problem: str | None = "is no tokenizer of rnnapps"
    for form in (json.loads(form.to_str()) for form in forms):
        if _agrees(given, form):
            problem = _vocabulary_problem(given.get("model", {}), form["model"])
            break
    if problem:
        raise ValueError(f"{file.name} {problem}")
    return Tokenizer.from_str(json.dumps(given))


def _agrees(given: Any, form: Any) -> bool:
    """Whether a part says the same as a form, or less: an older library wrote fewer fields."""
    if not isinstance(form, dict):
        return type(given) is type(form) and given == form
    return isinstance(given, dict) and all(
        name in LEARNT or (name in form and _agrees(part, form[name])) for name, part in given.items()
    )


def _vocabulary_problem(given: dict[str, Any], form: dict[str, Any]) -> str | None:
    """What is wrong with the vocabulary and the merges, if anything is."""
    vocabulary, merges = given.get("vocab"), given.get("merges", [])
    if not isinstance(vocabulary, dict):
        return "has no vocabulary"
    numbers = list(vocabulary.values())
    if not all(type(number) is int for number in numbers) or sorted(numbers) != list(
        range(len(numbers))
    ):
        return "has ids that do not count its tokens"
    if any(vocabulary.get(token) != number for token, number in form["vocab"].items()):
        return "lacks a token that every text may need"
    if ("merges" in form) != ("merges" in given) or not isinstance(merges, list):
        return "has no merges"
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
            return "has a merge that is none of two tokens"
        if not {*pair, "".join(pair)} <= vocabulary.keys():
            return "has a merge of tokens that it lacks"
    return None
