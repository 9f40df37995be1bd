"""Numbers in digits as English words."""

import re

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((1_000_000, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
LONGEST = 9  # digits of a whole number that has words: hundreds of millions

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<minus>[-\u2212])?"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
    r"(?:(?P<ordinal>st|nd|rd|th)|\.(?P<decimals>[0-9]+))?"
    r"(?!\w|[.,][0-9])"
    r"(?P<to>[-\u2013](?=[0-9]))?",
    re.IGNORECASE,
)


def spell_numbers(text: str) -> str:
    """A text whose numbers are written as words: "the 21st of 1,204" as "the twenty first of one
    thousand two hundred four".

    - Commas may group thousands, a point begins decimals, each of which is named: "two point zero five".
    - A number that begins with 0, such as "007", is named digit by digit; a hyphen between two numbers
      becomes a space; a minus before one becomes "minus".
    - What is not surely one number stays: digits beside letters ("mp3", "1980s"), points and commas in
      other places ("1.2.3", "10,5"), whole numbers of more than nine digits.
    """
    return _NUMBER.sub(_words, text)


def cardinal(number: int) -> str:
    """The words of a number from 0 to 999,999,999, without hyphens."""
    for scale, name in SCALES:
        if number >= scale:
            high, low = divmod(number, scale)
            return f"{cardinal(high)} {name} {cardinal(low) if low else ''}".rstrip()
    if number < len(ONES):
        return ONES[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens]} {ONES[ones] if ones else ''}".rstrip()


def ordinal(number: int) -> str:
    """The words of a place in an order, from 0 to 999,999,999."""
    before, _, last = cardinal(number).rpartition(" ")
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return f"{before} {ORDINALS.get(last, regular)}".lstrip()


def _words(match: re.Match[str]) -> str:
    digits = match["whole"].replace(",", "")
    if len(digits) > LONGEST:
        return match[0]
    if match["ordinal"]:
        words = ordinal(int(digits))
    elif digits[0] == "0" and len(digits) > 1:
        words = _one_by_one(digits)
    else:
        words = cardinal(int(digits))
    if match["decimals"]:
        words += f" point {_one_by_one(match['decimals'])}"
    return f"{'minus ' if match['minus'] else ''}{words}{' ' if match['to'] else ''}"


def _one_by_one(digits: str) -> str:
    return " ".join(ONES[int(digit)] for digit in digits)
