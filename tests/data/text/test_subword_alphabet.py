"""Pieces of words to ids and back."""

import json
import unicodedata

import numpy as np
import pytest

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.learnt_alphabet import learnt_alphabet
from rnnapps.data.text.subword_alphabet import SubwordAlphabet
from rnnapps.inference.ctc_decoder import _of_word

TEXTS = ["the other thing, isn't this there-then", "the other thing", "other things, too"]


def learn(size=40, texts=TEXTS, known=""):
    return SubwordAlphabet.learn_pieces(texts, size, Alphabet(known))


def written(alphabet, text):
    return [alphabet.characters[number - 1] for number in alphabet.encode(text)]


def test_pieces_are_the_most_frequent_pairs_one_after_the_other():
    alphabet = learn()
    assert alphabet.merges[:2] == (("t", "h"), ("th", "e"))
    assert alphabet.size == len(alphabet.letters) + len(alphabet.merges) + 1
    assert written(alphabet, "the thing") == ["the", " ", "thing"]
    assert alphabet.encode("the").dtype == np.int32
    assert learn().characters == alphabet.characters
    assert learn(16).size == 17


@pytest.mark.parametrize("text", [*TEXTS, "", " ", "ten hens", "then  other, ", "''-"])
def test_every_text_of_known_characters_comes_back(text):
    alphabet = learn()
    assert alphabet.decode(alphabet.encode(text)) == text


def test_a_word_is_spelt_alike_wherever_it_stands():
    alphabet = learn()
    spelling = written(alphabet, "other")
    for text in ("other thing", "the other", "-other,", " other-the"):
        pieces = written(alphabet, text)
        assert any(pieces[n : n + len(spelling)] == spelling for n in range(len(pieces))), text
        assert all(len(piece) == 1 for piece in pieces if not piece.isalpha())


def test_unknown_characters_are_left_out_and_counted():
    alphabet = learn()
    assert written(alphabet, "xthe!") == ["the"] and written(alphabet, "xyz") == []
    assert alphabet.unknown(["xthe!"]) == {"x": 1, "!": 1}


def test_characters_of_any_script():
    alphabet = learn(40, ["мама мама", "é é"])
    assert written(alphabet, "мама") == ["мама"]
    assert written(alphabet, "é") == ["é"]


def test_a_bundle_keeps_all_of_it():
    alphabet = learn()
    again = SubwordAlphabet(**json.loads(json.dumps(alphabet.to_dict()))["subwords"])
    assert again.characters == alphabet.characters and again.merges == alphabet.merges
    assert again.encode(TEXTS[0]).tolist() == alphabet.encode(TEXTS[0]).tolist()


def test_what_a_network_knows_stays():
    alphabet = learn()
    more = SubwordAlphabet.learn_pieces(["quick things"], 99, alphabet)
    assert more.characters == (*alphabet.characters, "c", "k", "q", "u")
    assert more.merges == alphabet.merges
    assert {"z", "t"} <= set(learn(known="z").characters)
    learnt = learnt_alphabet({"train": TEXTS, "validation": [], "test": []}, Alphabet("z"), subwords=18)
    assert learnt.size == 19 and "z" in learnt.letters


def test_what_divides_words_is_what_divides_those_of_a_lexicon():
    assigned = [chr(n) for n in range(0x20, 0x2E80) if unicodedata.category(chr(n)) not in ("Cn", "Cs")]
    alphabet = learn(99_000, [f"a{one}a a{one}a" for one in assigned])
    within = {one for one in assigned if f"a{one}a" in alphabet.characters}
    assert within == {one for one in assigned if _of_word(one)} and len(within) > 5000


@pytest.mark.parametrize(
    ("pieces", "merges", "message"),
    [
        (["a", "b", "ab", "ab"], [], "a piece twice"),
        (["a", "a"], [], "different characters"),
        (["a", "b"], [["a", "b"]], "a merge of pieces that it lacks"),
        (["b", "ab"], [["a", "b"]], "a merge of pieces that it lacks"),
        (["a", "b"], [["a"]], "not enough values"),
    ],
)
def test_no_alphabet(pieces, merges, message):
    with pytest.raises(ValueError, match=message):
        SubwordAlphabet(pieces, merges)
