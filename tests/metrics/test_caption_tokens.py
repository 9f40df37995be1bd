import time

import pytest

from rnnapps.metrics.caption_tokens import caption_tokens

# The tokens of pycocoevalcap 1.2 (Stanford CoreNLP 3.4.1, Java), with " " between them.
JAVA = {
    "A Child in a pink dress .": "a child in a pink dress",
    "Its owner, a man (left), waves; it's cold!": "its owner a man -lrb- left -rrb- waves it 's cold",
    "I'm sure he'll say they've won't can't": "i 'm sure he 'll say they 've wo n't ca n't",
    "she'd DON'T who's we're I'd've n't": "she 'd do n't who 's we 're i 'd 've n't",
    "cannot gonna Wanna gotta lemme gimme 'tis": "can not gon na wan na got ta lem me gim me 't is",
    "cannots gonnas wannabe dont": "cannots gonnas wannabe dont",
    "the dogs' bones, James's dog, bird's-eye": "the dogs bones james 's dog bird 's eye",
    "c'mon ma'am, five o'clock hors d'oeuvres": "c'mon ma'am five o'clock hors d'oeuvres",
    "rock'n'roll rock 'n' roll hook 'em O'Neill": "rock 'n' roll rock 'n' roll hook 'em o'neill",
    "80's music, the 1990's, '50s": "80 's music the 1990 's '50s",
    "he said \"hello\" and 'bye' and ``ok''": "he said hello and bye and ok",
    "“quoted” \u2018text\u2019, the dog\u2019s": "quoted text the dog 's",
    "Mr. Smith and Mrs. Jones vs. Dr. Who": "mr. smith and mrs. jones vs. dr. who",
    "on St. Mary Ave. in the U.S. Army etc.": "on st. mary ave. in the u.s. army etc.",
    'the letter "P." in Washington D.C.': "the letter p. in washington d.c.",
    "No. 5 said no. A statefarm.com hat.": "no. 5 said no a statefarm.com hat",
    "It costs $5, $5.99, 50% off, #1 of 1,000": "it costs $ 5 $ 5.99 50 % off # 1 of 1,000",
    "at 3:30 p.m. a 5ft pole, -5, 1/2 cup": "at 3:30 p.m. a 5ft pole -5 1/2 cup",
    "3rd 4-wheeler mp3 3.5 20-year-old": "3rd 4-wheeler mp3 3.5 20-year-old",
    "joe.bloggs@example.com www.example.com/page": "joe.bloggs@example.com www.example.com/page",
    "wait... what.. no....": "wait what no",
    "a man \u2013 a woman — a dog -- a cat - bird--end": "a man a woman a dog a cat bird end",
    "A&E and AT&T and at&t and R&amp;B": "a&e and at&t and at & t and r&b",
    "red/white/blue and/or w/ a man": "red/white/blue and/or w / a man",
    "a half-naked man in a T-shirt, blond-": "a half-naked man in a t-shirt blond",
    "bib,girl stop.No RIF=ding": "bib girl stop.no rif = ding",
    "Hello!!! What?! Yes!": "hello !!! what ?! yes",
    "[square] {curly} *star* ~ ^ \\ | + = _ a_b": (
        "-lsb- square -rsb- -lcb- curly -rcb- * star * ~ ^ \\ | + = _ a_b"
    ),
    "@user #tag # tag": "@user #tag # tag",
    "Café naïve über São Привет عربي नमस्ते": "café naïve über são привет عربي नमस्ते",
    "5° ♥ ★ © a\u00adb c\u00a0d": "5 ° ♥ ★ © ab c d",
    " tab\tand  spaces\n": "tab and spaces",
    "does n't he 's ok 's-eye": "does n't he 's ok 's eye",
}


@pytest.mark.parametrize("caption", JAVA)
def test_tokens_are_those_of_the_java_tokenizer(caption):
    assert " ".join(caption_tokens(caption)) == JAVA[caption]


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("L\u2019homme à côté de l\u2019arbre.", ["l'homme", "à", "côté", "de", "l'arbre"]),
        ("„Hallo“, sagt der Fußgänger", ["hallo", "sagt", "der", "fußgänger"]),
        ("¿Qué? «été»", ["qué", "été"]),
        ("一个女孩在跑步。", list("一个女孩在跑步")),
        ("コーヒー・カップ", list("コーヒーカップ")),
        ("ไอศกรีม", list("ไอศกรีม")),
        ("소녀가 웃는다.", ["소녀가", "웃는다"]),
        ("मुस्कुराता चेहरा।", ["मुस्कुराता", "चेहरा"]),
        ("e\u0301te\u0301, fini", ["e\u0301te\u0301", "fini"]),
        ("A 👍🙂 ❤\ufe0f!", ["a", "👍", "🙂", "❤\ufe0f"]),
    ],
)
def test_other_languages_and_emoji(caption, tokens):
    assert caption_tokens(caption) == tokens


@pytest.mark.parametrize("caption", ["", " \n", "...", '" . "', "\u200d \ufeff"])
def test_no_words(caption):
    assert caption_tokens(caption) == []


@pytest.mark.parametrize("part", ["a", "क", "a'", "a.", "a.-", "1,", "-", "a-", "&", "a&amp;", "a@-"])
def test_time_grows_no_faster_than_the_text(part):
    start = time.process_time()
    caption_tokens(part * 20_000 + "!")
    assert time.process_time() - start < 2
