"""What a conversation must not hold: obscene words, and what reaches a person."""

import re

_WORDS = (
    r"\b(?:fuck\w*|shit\w*|cunts?|bitch\w*|whores?|slut\w*|nigg\w+|fag(?:s|got\w*)?|porn\w*|nudes?"
    r"|sext\w*|rap(?:e|es|ed|ing|ists?)|dicks?|cocks?|penis\w*|vagina\w*|pussy|asshole\w*|retard\w*)\b"
)
_ADDRESSES = r"[\w.+-]+@[\w-]+\.\w+|https?://|www\.|\+?\d{3}[- .)]{1,2}\d{3}[- .]?\d{4}\b"
_UNFIT = re.compile(f"{_WORDS}|{_ADDRESSES}", re.IGNORECASE)


def is_unfit(text: str) -> bool:
    """Whether a text has an obscene word, a mail or web address, or a telephone number.

    It knows some English words and no meaning: what it lets pass may still offend.
    """
    return _UNFIT.search(text) is not None
