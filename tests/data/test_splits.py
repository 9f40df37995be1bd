from collections import Counter

from rnnapps.data.splits import content_key, split_of


def test_split_is_a_fixed_function_of_the_content():
    # Were one of these to move, every figure ever printed would be about other rows.
    assert [split_of(key) for key in ("good", "bad", "ugly", "so so", "fine")] == [
        "train",
        "test",
        "train",
        "train",
        "train",
    ]


def test_shares(sentences):
    parts = Counter(split_of(content_key(row["text"])) for row in sentences)
    assert 0.15 < parts["test"] / len(sentences) < 0.25
    assert 0.06 < parts["valid"] / len(sentences) < 0.14


def test_copies_share_a_key():
    assert content_key("Enjoy  it !") == content_key("enjoy it.")
    assert content_key(":-)") != content_key(":-(")
    assert content_key("cafe\u0301") == content_key("caf\u00e9")
    assert content_key("\u0915\u093f") != content_key("\u0915\u0940")  # two Hindi vowels
