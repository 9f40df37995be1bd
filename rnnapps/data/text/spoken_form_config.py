"""The options of the form in which texts are spoken."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SpokenFormConfig:
    """How texts are changed to what a recogniser of speech is to write."""

    unicode: Literal["NFC", "NFD", "NFKC", "NFKD", "none"] = "NFKC"
    """form of Unicode that texts are brought to"""
    numbers: Literal["english", "keep"] = "english"
    """write numbers in digits as English words: 21st as twenty first; 1984 becomes one thousand nine
    hundred eighty four, so write years as they are said"""
    lowercase: bool = True
    """write capitals as small letters, which sound the same"""
    punctuation: bool = False
    """keep punctuation; without, of it only apostrophes and hyphens within words are kept"""
