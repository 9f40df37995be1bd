"""Characters to ids and back, for networks that write character by character (CTC)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

# A letter for each class of the bidirectional algorithm of Unicode (UAX 9) that matters here. N are all
# others; n is a number behind Arabic letters, which marks and signs join less.
CLASSES = {"L": "L", "R": "R", "AL": "A", "EN": "E", "AN": "D", "ES": "S", "CS": "C", "ET": "T"}
BEHIND_ARABIC = re.compile("A[^LRA]*")
NUMBERS = "T*E(?:T*E|[SC]E)*T*|[Dn](?:C?[Dn])*"
# Of a number behind a Latin word rule W7 makes a part of the phrase. It then looks like a number before
# the word, as which it is read.
WRITTEN = re.compile(f"L(?:[^RADn]*(?:L|ET*))?|{NUMBERS}")
READ = re.compile(f"L(?:[^RADn]*L)?|{NUMBERS}")


class Alphabet:
    """The characters that a network writes. Id 0 is the blank of CTC, which pads too.

    A character is a code point, so a letter and the marks on it may be several.

    Args:
        characters: each of one code point, all different.
        right_to_left: whether lines are read from their right end. Numbers and Latin phrases in them are
            turned round, so that the characters come in the order in which they stand.

    Raises:
        ValueError: a character of another length, or twice.
    """

    def __init__(self, characters: Sequence[str], right_to_left: bool = False):
        self.characters = tuple(characters)
        self.right_to_left = right_to_left
        if len({*self.characters}) != len(self.characters) or {*map(len, self.characters)} - {1}:
            raise ValueError("an alphabet is a list of different characters")
        self._ids = {character: number for number, character in enumerate(self.characters, start=1)}

    @classmethod
    def learn(cls, texts: Iterable[str], right_to_left: bool = False) -> "Alphabet":
        """All characters of texts, in order of Unicode."""
        return cls(sorted({character for text in texts for character in text}), right_to_left)

    @property
    def size(self) -> int:
        """Number of ids, that of the blank included."""
        return len(self.characters) + 1

    @property
    def letters(self) -> str:
        """The single characters that it has."""
        return "".join(one for one in self.characters if len(one) == 1)

    def encode(self, text: str) -> np.ndarray:
        """The ids of a text, int32 `(length,)`, in reading order; unknown characters are left out."""
        text = self._turned(text, WRITTEN)
        return np.array([self._ids[one] for one in text if one in self._ids], "int32")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, none of which is the blank."""
        return self._turned("".join(self.characters[number - 1] for number in ids), READ)

    def to_dict(self) -> dict[str, Any]:
        """What a bundle keeps of it; `right_to_left` follows from the config."""
        return {"characters": self.letters}

    def unknown(self, texts: Iterable[str]) -> Counter[str]:
        """How often characters come that are not in it."""
        return Counter(one for text in texts for one in text if one not in self._ids)

    def _turned(self, text: str, runs: re.Pattern[str]) -> str:
        """The text with its runs that are read from the left turned round."""
        if not self.right_to_left:
            return text
        classes = "".join(CLASSES.get(unicodedata.bidirectional(one), "N") for one in text)
        classes = BEHIND_ARABIC.sub(lambda found: found[0].replace("E", "n"), classes)
        turned = list(text)
        for run in runs.finditer(classes):
            here = slice(*run.span())
            turned[here] = turned[here][::-1]
        return "".join(turned)
