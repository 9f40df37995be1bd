"""Lexicons: files of words."""

from pathlib import Path

from rnnapps.data.text_files import lines_of, read_text
from rnnapps.errors import UserError, brief

MOST_WORDS = 200_000  # a search holds a number for each beginning of a word and each class
LONGEST = 100  # characters


def read_lexicon(path: Path) -> list[str]:
    """The words of a file with a word a line, in its order, each once; empty lines are left out.

    Raises:
        UserError: no such file, no text, more than one word in a line, or too many or too long ones.
    """
    words: dict[str, None] = {}
    for number, line in enumerate(lines_of(read_text(path)), 1):
        found = line.split()
        if len(found) > 1:
            what = f"{len(found)} words, {brief(line, 40)!r}"
            raise UserError(f"{path}:{number}: {what}: a lexicon has one word in a line")
        if found and len(found[0]) > LONGEST:
            what = f"a word of {len(found[0])} characters"
            raise UserError(f"{path}:{number}: {what}: at most {LONGEST} are possible, remove it")
        words.update(dict.fromkeys(found))
    if not words:
        raise UserError(f"{path}: no words in it: a lexicon has one word in a line")
    if len(words) > MOST_WORDS:
        raise UserError(
            f"{path}: {len(words):,} words, of which at most {MOST_WORDS:,} are possible: keep the most "
            "frequent ones"
        )
    return list(words)
