"""Texts as they are spoken."""

import logging

import pytest

from rnnapps.data.text.spoken_form import SpokenForm, without_punctuation
from rnnapps.data.text.spoken_form_config import SpokenFormConfig


def spoken(text, **options):
    return SpokenForm(SpokenFormConfig(**options))(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Hello, World!", "hello world"),
        ("  Thank\tyou.\r\nGoodbye ", "thank you goodbye"),
        (
            "Don\u2019t \u2018quote\u2019 self\u2010made \u2013 well-known",
            "don't quote self-made well-known",
        ),
        ("'Tis the parties' -- rock-'n'-roll", "tis the parties rock n roll"),
        ("At 10:30 A.M. on the 3rd", "at ten thirty a m on the third"),
        ("\u00bfQu\u00e9? E\u0301cole \ufb01n", "qu\u00e9 \u00e9cole fin"),
        ("\u0939\u093f\u0928\u094d \u0964 \u4f60\u597d\u3002", "\u0939\u093f\u0928\u094d \u4f60\u597d"),
        ("...", ""),
    ],
)
def test_the_default_form(text, form):
    assert spoken(text) == form


def test_each_option_is_its_own():
    text = "Room 12 \ufb01ts, No?"
    everything = {"unicode": "none", "numbers": "keep", "lowercase": False, "punctuation": True}
    assert spoken(text, **everything) == text
    assert spoken(text, **everything | {"unicode": "NFKC"}) == "Room 12 fits, No?"
    assert spoken(text, **everything | {"numbers": "english"}) == "Room twelve \ufb01ts, No?"
    assert spoken(text, **everything | {"lowercase": True}) == "room 12 \ufb01ts, no?"
    assert spoken(text, **everything | {"punctuation": False}) == "Room 12 \ufb01ts No"


def test_an_apostrophe_beside_a_mark_is_within_a_word():
    assert without_punctuation("l'e\u0301te\u0301'e '") == "l'e\u0301te\u0301'e  "


def test_what_was_changed_is_counted(caplog):
    form = SpokenForm(SpokenFormConfig())
    assert [form(text) for text in ("no change", "One, two", "5% of mp3, & $4")] == [
        "no change",
        "one two",
        "five% of mp3 & $four",
    ]
    assert form.texts == 3
    assert form.changed == {"unicode": 0, "numbers": 1, "lowercase": 1, "punctuation": 2}
    assert form.left == {"%": 1, "3": 1, "&": 1, "$": 1}
    with caplog.at_level(logging.INFO):
        form.report("a.csv")
    assert caplog.messages == [
        "a.csv: of 3 texts as they are spoken, changed: numbers in 1, lowercase in 1, punctuation in 2",
        "a.csv: 4 characters whose words are not known stay in its texts: '%' 1, '3' 1, '&' 1, '$' 1",
    ]


def test_nothing_to_report(caplog):
    form = SpokenForm(SpokenFormConfig())
    form("already so")
    with caplog.at_level(logging.INFO):
        form.report("a.csv")
    assert not caplog.messages


def test_punctuation_that_is_kept_is_not_reported_as_unknown():
    form = SpokenForm(SpokenFormConfig(punctuation=True))
    assert form("So, it\u2019s 3!") == "so, it\u2019s three!"
    assert not form.left
