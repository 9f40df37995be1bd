"""Texts as they are spoken: no capitals, no punctuation, numbers as words."""

import logging
import unicodedata
from collections import Counter

from rnnapps.data.text.english_numbers import spell_numbers
from rnnapps.data.text.spoken_form_config import SpokenFormConfig

log = logging.getLogger(__name__)

WITHIN_WORDS = {  # what stands for an apostrophe or a hyphen between letters
    **dict.fromkeys("'\u2019\u02bc", "'"),
    **dict.fromkeys("-\u2010\u2011", "-"),
}
SPOKEN = frozenset("%&#@*/\\")  # punctuation to Unicode, and words to a speaker
NAMED = 20  # characters, in the log


class SpokenForm:
    """Changes texts as its options say, and counts what it changes and what it cannot.

    Args:
        config: the options.

    Attributes:
        texts: how many it was given.
        changed: in how many of them which step of `config` changed something.
        left: how often characters that are no letters are left, such as the digits of "mp3" or a "$":
            it does not know how they are spoken.
    """

    def __init__(self, config: SpokenFormConfig):
        self.config = config
        self.texts = 0
        self.changed: Counter[str] = Counter()
        self.left: Counter[str] = Counter()

    def __call__(self, text: str) -> str:
        """The spoken form of a text, with single spaces; it may be empty."""
        config = self.config
        steps = (
            ("unicode", config.unicode != "none", self._normalised),
            ("numbers", config.numbers == "english", spell_numbers),
            ("lowercase", config.lowercase, str.lower),
            ("punctuation", not config.punctuation, without_punctuation),
        )
        self.texts += 1
        text = " ".join(text.split())
        for name, is_wanted, step in steps:
            before = text
            if is_wanted:
                text = step(text)
            self.changed[name] += text != before
        text = " ".join(text.split())
        self.left.update(one for one in text if _is_left(one))
        return text

    def report(self, source: str) -> None:
        """Log what was changed in the texts of a source, and what of them is not spoken."""
        if counts := {name: count for name, count in self.changed.items() if count}:
            log.info(
                "%s: of %d texts as they are spoken, changed: %s",
                *(source, self.texts, ", ".join(f"{name} in {n}" for name, n in counts.items())),
            )
        if self.left:
            some = ", ".join(f"{one!r} {count}" for one, count in self.left.most_common(NAMED))
            log.warning(
                "%s: %d characters whose words are not known stay in its texts: %s%s",
                *(source, self.left.total(), some, ", ..." if len(self.left) > NAMED else ""),
            )

    def _normalised(self, text: str) -> str:
        return unicodedata.normalize(self.config.unicode, text)  # type: ignore[arg-type]


def without_punctuation(text: str) -> str:
    """A text with spaces in place of its punctuation, but for apostrophes and hyphens within words.

    What is punctuation to Unicode and spoken, such as "%" and "&", stays.
    """
    characters = []
    for place, one in enumerate(text):
        if one in WITHIN_WORDS and 0 < place < len(text) - 1:
            is_within = _is_letter(text[place - 1]) and _is_letter(text[place + 1])
            characters.append(WITHIN_WORDS[one] if is_within else " ")
        else:
            characters.append(" " if _is_punctuation(one) else one)
    return "".join(characters)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] == "P" and character not in SPOKEN


def _is_left(character: str) -> bool:
    return not (_is_letter(character) or _is_punctuation(character) or character == " ")
