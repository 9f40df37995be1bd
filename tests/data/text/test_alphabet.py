"""Characters to ids and back."""

import numpy as np
import pytest

from rnnapps.data.text.alphabet import Alphabet


def test_ids_follow_unicode_and_zero_is_the_blank():
    alphabet = Alphabet.learn(["cab", "é a"])
    assert alphabet.characters == (" ", "a", "b", "c", "é") and alphabet.size == 6
    ids = alphabet.encode("bé")
    assert ids.dtype == np.int32 and ids.tolist() == [3, 5]
    assert alphabet.decode([4, 2, 3]) == "cab" and alphabet.decode([]) == ""


def test_unknown_characters_are_left_out_and_counted():
    alphabet = Alphabet("ab")
    assert alphabet.encode("xaybx").tolist() == [1, 2]
    assert alphabet.unknown(["xaybx", "b"]) == {"x": 2, "y": 1}


@pytest.mark.parametrize(
    ("text", "visual"),
    [
        ("שלום 123 ab", "שלום 321 ba"),
        ("في 12,5.", "في 5,21."),
        ("ab", "ba"),
        ("(ab) ש", "(ba) ש"),
        ("ש", "ש"),
        ("1, 2", "1, 2"),
        ("ש ab, cd! ש", "ש dc ,ba! ש"),  # a phrase is one run
        ("ש ab 12 cd ש", "ש dc 21 ba ש"),
        ("ש 50% ש", "ש %05 ש"),
        ("ش 50% ش", "ش 05% ش"),  # behind Arabic the sign is none of the number
        ("ש 12-15 ש", "ש 51-21 ש"),
        ("ش 12-15 ش", "ش 21-51 ش"),
    ],
)
def test_what_is_read_from_the_left_is_turned_round_in_a_script_from_the_right(text, visual):
    alphabet = Alphabet.learn([text], right_to_left=True)
    ids = alphabet.encode(text)
    assert "".join(alphabet.characters[number - 1] for number in ids) == visual
    assert alphabet.decode(ids) == text


def test_a_number_behind_a_latin_word_looks_like_one_before_it():
    alphabet = Alphabet.learn(["ש ab 5"], right_to_left=True)
    ids = alphabet.encode("ש ab 5")
    assert ids.tolist() == alphabet.encode("ש 5 ab").tolist()
    assert alphabet.decode(ids) == "ש 5 ab"


@pytest.mark.parametrize("characters", ["aa", ["ab"], [""]])
def test_no_alphabet(characters):
    with pytest.raises(ValueError, match="a list of different characters"):
        Alphabet(characters)
