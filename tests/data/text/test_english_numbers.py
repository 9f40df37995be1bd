"""Numbers as words."""

import time

import pytest

from rnnapps.data.text.english_numbers import cardinal, ordinal, spell_numbers


@pytest.mark.parametrize(
    ("number", "words", "place"),
    [
        (0, "zero", "zeroth"),
        (1, "one", "first"),
        (12, "twelve", "twelfth"),
        (13, "thirteen", "thirteenth"),
        (20, "twenty", "twentieth"),
        (42, "forty two", "forty second"),
        (100, "one hundred", "one hundredth"),
        (115, "one hundred fifteen", "one hundred fifteenth"),
        (1_008, "one thousand eight", "one thousand eighth"),
        (90_005, "ninety thousand five", "ninety thousand fifth"),
        (2_000_000, "two million", "two millionth"),
        (
            301_040_609,
            "three hundred one million forty thousand six hundred nine",
            "three hundred one million forty thousand six hundred ninth",
        ),
    ],
)
def test_words_of_a_number(number, words, place):
    assert (cardinal(number), ordinal(number)) == (words, place)


def test_no_two_numbers_have_the_same_words():
    assert len({cardinal(number) for number in range(20_000)}) == 20_000


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Press 1, or 2.", "Press one, or two."),
        (
            "the 21st and 3RD of 1,204,000",
            "the twenty first and third of one million two hundred four thousand",
        ),
        ("28.8 kilobit, 0.05", "twenty eight point eight kilobit, zero point zero five"),
        ("007 at 10:05", "zero zero seven at ten:zero five"),
        (
            "-5 to 3-4, 1990\N{EN DASH}95",
            "minus five to three four, one thousand nine hundred ninety ninety five",
        ),
        ("COVID-19, a 10-year-old", "COVID-nineteen, a ten-year-old"),
        ("409000000", "four hundred nine million"),
    ],
)
def test_numbers_in_a_text(text, spoken):
    assert spell_numbers(text) == spoken


@pytest.mark.parametrize(
    "text", ["mp3 1980s 3D", "1.2.3", "10,5 1,0000", ".5", "1000000000", "\u0663 \u00bd", ""]
)
def test_what_is_not_surely_a_number_stays(text):
    assert spell_numbers(text) == text


@pytest.mark.parametrize("text", ["1" * 99_999 + "x", "1,111" * 20_000, "1." * 50_000, "-" * 99_999])
def test_no_text_takes_long(text):
    start = time.process_time()
    spell_numbers(text)
    assert time.process_time() - start < 1
