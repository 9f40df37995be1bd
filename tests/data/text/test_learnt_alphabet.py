"""The characters that a network is trained to write."""

from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.learnt_alphabet import learnt_alphabet


def test_characters_of_held_out_texts_alone_are_named(caplog):
    texts = {"train": ["ba"], "validation": ["ab"], "test": ["abxx", "y"]}
    alphabet = learnt_alphabet(texts, Alphabet("c"))
    assert alphabet.characters == ("a", "b", "c")
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        "3 characters of the test texts are in no training text and cannot be written: 'x' 2, 'y' 1"
    ]
