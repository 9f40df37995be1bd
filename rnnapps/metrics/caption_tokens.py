"""Captions as the tokens on which papers score them: the Penn Treebank's, without punctuation."""

import html
import re
import unicodedata

from rnnapps.data.text.words import SPACELESS

DROPPED = frozenset("'\"`.?!,:;-")
BRACKETS = dict(zip("()[]{}", ("-lrb-", "-rrb-", "-lsb-", "-rsb-", "-lcb-", "-rcb-"), strict=True))
TYPOGRAPHIC = str.maketrans({"\u2018": "'", "\u2019": "'", "\u00ad": None})  # the last: a soft hyphen
ENTITY = re.compile(r"&#?\w+;")

# These keep their full stop.
ABBREVIATIONS = (
    r"mr|mrs|ms|messrs|dr|prof|rev|hon|gov|pres|sen|rep|gen|brig|maj|col|capt|lt|sgt|cpl|pvt|jr|sr|ph\.d|"
    r"st|ave|rd|blvd|ct|sq|bldg|mt|ft|inc|co|corp|ltd|bros|dept|univ|est|etc|vs|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thu|thurs|fri"
)
JOINERS = r"\u200c\u200d\ufe00-\ufe0f"  # unseen: they join or vary their neighbours
# Accents and vowel signs that are characters of their own.
MARKS = (
    r"\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    r"\u0900-\u0963\u0966-\u0dff" + JOINERS
)
LETTER = rf"[^\W\d_{SPACELESS}]"
WORD = rf"(?:(?![_{SPACELESS}])[\w{MARKS}])+"
SIDE = r"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"  # of a slash

# The first that matches is the token.
TOKEN = re.compile(
    rf"""
    (?:https?://|www\.)[^\s<>"]*[\w/] | \w[\w.+-]{{0,63}}@\w[\w.-]*\w | [@\#][A-Za-z_]+
    # half of cannot, gonna, wanna, gotta, gimme, lemme, 'tis, 'twas
  | (?i:can(?=not\b) | (?:gon|wan)(?=na\b) | got(?=ta\b) | (?:gim|lem)(?=me\b) | 't(?=(?:is|was)\b))
    # what is contracted, as in does|n't, it|'s
  | (?i:{LETTER}+?(?=n't\b) | n't\b | '(?:s|m|d|re|ve|ll)\b)
    # words with an apostrophe: rock 'n' roll, '50s, c'mon, hors d'oeuvres, ma'am
  | (?i:'n' | '(?:n|em|till?|cause|\d0s)\b | (?:c'mon|s'mores|li'l)\b | (?:ol|somethin)'(?!{LETTER}))
  | (?i:[dol]'{LETTER}{{2,}}) | {LETTER}+[aeiouyAEIOUY]'[aeiou]{LETTER}*
    # words with full stops: St., No. 5, U.S., statefarm.com
  | (?i:(?:{ABBREVIATIONS})\.(?!{LETTER}) | no\.(?=\s*\d))
  | {LETTER}(?:\.{LETTER})*\.(?!{LETTER}) | {LETTER}\w*(?:\.{LETTER}\w*)+
    # 95,000, 11:27, -5, black/white, AT&T
  | [-+]?\d*(?:[.,:]\d+)+ | [-+]\d+ | {SIDE}(?:/{SIDE}){{1,2}} | [A-Z]+(?:[&+][A-Z]+)+
  | [{SPACELESS}] | {WORD}(?:[-_\u2010\u2011]{WORD})*
  | [?!]{{2,}} | _+ | \S[{JOINERS}]*
    """,
    re.VERBOSE,
)


def caption_tokens(caption: str) -> list[str]:
    """The words of a caption in small letters, as pycocoevalcap's tokenizer has them, without its Java.

    That is the Penn Treebank's tokenizer of Stanford CoreNLP 3.4.1 (`-preserveLines -lowerCase`) less
    marks of punctuation: "doesn't" are two tokens, "St." is one, a bracket is "-lrb-". Of all 40,455
    captions of Flickr8k and all 31,014 English ones of Multi30k the tokens are the same.

    Known to differ, none of them in these captions: smileys and tags (`:)`, `<b>`, tokens there),
    currencies and fractions (`£` and `½` stay, `#` and `1/2` there), runs of symbols (`**` is one there)
    and rare abbreviations. Typographic apostrophes are as plain ones, `&#39;` is what it stands for, and
    every mark of punctuation that is not ASCII is left out.

    Other languages: words are parted at spaces and punctuation, with their accents and vowel signs; of
    scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each character is a token, and
    so is an emoji; there a run of the former is one token, and the latter is lost.
    """
    text = ENTITY.sub(lambda entity: html.unescape(entity[0]), caption).translate(TYPOGRAPHIC)
    return [BRACKETS.get(token, token.lower()) for token in TOKEN.findall(text) if _kept(token)]


def _kept(token: str) -> bool:
    """Whether a token is more than a mark of punctuation."""
    if len(token) > 1:
        return True
    return token not in DROPPED if token.isascii() else unicodedata.category(token)[0] not in "PC"
