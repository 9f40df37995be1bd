"""Grammars of what may be said."""

from itertools import product

import numpy as np
import pytest

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.grammar_tables import grammar_tables
from rnnapps.data.text.spoken_form import SpokenForm
from rnnapps.data.text.spoken_form_config import SpokenFormConfig
from rnnapps.decoding import CharacterModel, CTCBeamSearch
from rnnapps.errors import UserError

ALPHABET = Alphabet(" abcdefghijklmnopqrstuvwxyz")
HEAD = "#JSGF V1.0;\n"


def tables_of(tmp_path, text, alphabet=ALPHABET):
    file = tmp_path / "grammar.jsgf"
    file.write_text(text, encoding="utf-8")
    return grammar_tables(file, alphabet, SpokenForm(SpokenFormConfig()))


def texts_of(tables, longest=30):
    """All texts that an automaton allows, up to a length."""
    found, waiting = set(), [("", tables.start)]
    while waiting:
        text, state = waiting.pop()
        if tables.log_probabilities[state, 0] == 0:
            found.add(text)
        for number in np.flatnonzero(tables.log_probabilities[state, 1:] == 0) + 1:
            if len(text) < longest:
                waiting.append((text + ALPHABET.decode([number]), tables.following[state, number]))
    return found


@pytest.mark.parametrize(
    ("rules", "texts"),
    [
        ("public <a> = hi;", {"hi"}),
        ("public <a> = go [now] | stop;", {"go", "go now", "stop"}),
        (
            "public <a> = <b> <c>; <b> = x | y; <c> = [very] z;",
            {"x z", "y z", "x very z", "y very z"},
        ),
        ("public <a> = a*;", {"", "a", "a a", "a a a"}),
        ("public <a> = (a | b)+;", {" ".join(s) for n in (1, 2, 3) for s in product("ab", repeat=n)}),
        ("public <a> = <NULL> a | <VOID> b;", {"a"}),
        ("public <a> = a; public <b> = b;", {"a", "b"}),
        (
            'public <a> = "New York" | 21 {tag} /* c\n*/ | /0.5/ a // d\n;',
            {"new york", "twenty one", "a"},
        ),
        ("grammar g.h;\npublic <a> = a public;", {"a public"}),
    ],
)
def test_the_texts_of_a_grammar(tmp_path, rules, texts):
    longest = 5 if "*" in rules.replace("/*", "").replace("*/", "") or "+" in rules else 30
    assert texts_of(tables_of(tmp_path, HEAD + rules), longest) == texts


def test_a_search_writes_what_the_grammar_allows(tmp_path):
    tables = tables_of(tmp_path, HEAD + "public <a> = (cat | cot) [sat];")
    logits = np.full((1, 12, ALPHABET.size), 0.0, "float32")
    for frame, character in enumerate("cut"):
        logits[0, 2 * frame, ALPHABET.encode(character)] = 5
        logits[0, 2 * frame + 1, 0] = 5
    logits[0, 6:, 0] = 9
    logits[0, 2, ALPHABET.encode("o")] = 3
    found = CTCBeamSearch(16, n_best=3, scorer=CharacterModel(**tables._asdict()))(logits)
    written = [
        ALPHABET.decode(row[:length])
        for row, length in zip(*found[:2], strict=True)
        for row, length in zip(row, length, strict=True)
    ]
    assert written[:2] == ["cot", "cat"] and set(written) <= {"cot", "cat", "cot sat", "cat sat"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no text|empty|no JSGF grammar"),
        ("public <a> = a;", r"no JSGF grammar: it begins with '#JSGF V1.0;'"),
        (HEAD + "<a> = a;", "no public rule"),
        (HEAD + "\npublic <a> = b <c>;", r"grammar.jsgf:3: there is no rule <c>"),
        (HEAD + "public <a> = b\n<a>;", r"grammar.jsgf:3: the rule <a> contains itself"),
        (HEAD + "public <a> = b", r"grammar.jsgf:2: expected ';', got 'the end of the file'"),
        (HEAD + "public <a> = (b;", r"expected '\)', got ';'"),
        (HEAD + "public <a> = | b;", r"words are missing before '\|'"),
        (HEAD + "public a = b;", "expected a <rule>, got 'a'"),
        (HEAD + "public <a> = b; <a> = c;", "a second rule <a>"),
        (HEAD + "import <b.c>;", "imports are not read"),
        (HEAD + "public <a> = \x00> b;", r"grammar.jsgf:2: .* is not JSGF|.*"),
        (
            HEAD + "public <a> =\n\n äb;",
            r"grammar.jsgf:4: this network cannot write the word 'äb' \('ä'\)",
        ),
        (HEAD + "public <a> = " + "(" * 60 + "a" + ")" * 60 + ";", "more than 50 groups"),
        (HEAD + "public <a> = " + "/*" * 200_000, "words are missing"),
        (
            HEAD
            + "public <a0> = a;"
            + "".join(f"<a{n}> = <a{n - 1}> <a{n - 1}>;" for n in range(1, 40))
            + "public <z> = <a39>;",
            "too large",
        ),
        (
            HEAD + "public <a> = (a | b)* a" + " (a | b)" * 40 + ";",
            "too large: it has too many different",
        ),
    ],
    ids=range(17),
)
def test_what_is_no_grammar_is_told_in_a_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as told:
        tables_of(tmp_path, text)
    assert "\n" not in str(told.value)


def test_a_network_without_spaces_takes_no_grammar(tmp_path):
    with pytest.raises(UserError, match="this network writes no spaces"):
        tables_of(tmp_path, HEAD + "public <a> = a;", Alphabet("ab"))
