from collections import Counter

import pytest

from rnnapps.data.splits import Shares, content_key, divide, split_groups, split_of


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
    assert 0.06 < parts["validation"] / len(sentences) < 0.14


def test_copies_share_a_key():
    assert content_key("Enjoy  it !") == content_key("enjoy it.")
    assert content_key(":-)") != content_key(":-(")
    assert content_key("cafe\u0301") == content_key("caf\u00e9")
    assert content_key("\u0915\u093f") != content_key("\u0915\u0940")  # two Hindi vowels


def keys(item):
    return [item]


def test_a_split_that_is_given_stays_and_one_that_is_not_takes_its_share():
    rows = [f"row {number}" for number in range(200)]
    divided = divide({"train": rows}, keys, "rows", Shares(test=0.2, validation=0.1))
    assert sum(map(len, divided.values())) == 200
    assert 25 < len(divided["test"]) < 55 and 10 < len(divided["validation"]) < 32
    given = divide({"train": rows, "test": ["a", "b"], "validation": []}, keys, "rows")
    assert given == {"train": rows, "test": ["a", "b"], "validation": []}


def test_a_group_is_not_divided():
    rows = [f"row {number}" for number in range(200)]
    groups = [str(number % 10) for number in range(200)]
    divided = divide({"train": rows}, keys, "rows", groups=lambda train: groups)
    of_group = {row: group for row, group in zip(rows, groups, strict=True)}
    seen = [{of_group[row] for row in some} for some in divided.values()]
    assert sum(map(len, seen)) == 10 and not seen[0] & seen[2]


def test_a_copy_stays_in_the_last_split(caplog):
    caplog.set_level("INFO")
    given = {"train": ["a", "b", "c"], "validation": ["b", "d"], "test": ["c", "d"]}
    assert divide(given, keys, "rows") == {"train": ["a"], "validation": ["b"], "test": ["c", "d"]}
    assert "2 train rows left out: the same content stands in a held-out split too" in caplog.text


@pytest.mark.parametrize("number", range(3, 11))
def test_few_groups_fill_every_split(number):
    for trial in range(20):
        names = [f"speaker {trial} {index % number}" for index in range(10 * number)]
        split_by_group = split_groups(names, Shares(0.1, 0.1))
        assert set(split_by_group.values()) == {"train", "validation", "test"}
        assert split_by_group == split_groups(names[::-1], Shares(0.1, 0.1))
        by_hash = {name: split_of(name, Shares(0.1, 0.1)) for name in names}
        if len(set(by_hash.values())) == 3:  # as it was before there was a need
            assert split_by_group == by_hash
        assert list(split_groups(names, Shares(0.1, 0)).values()).count("validation") == 0


def test_the_largest_group_trains():
    for trial in range(20):
        names = [f"large {trial}"] * 50 + [f"small {trial}"] * 5 + [f"third {trial}"] * 6
        sizes = {split: names.count(name) for name, split in split_groups(names).items()}
        assert len(sizes) == 3
        if all(split_of(name) == "train" for name in names):
            assert sizes == {"train": 50, "test": 5, "validation": 6}


def test_too_few_groups_go_by_their_hash(caplog):
    assert split_groups(["good", "so so"]) == {"good": "train", "so so": "train"}
    caplog.set_level("INFO")
    divide({"train": ["a", "b", "c"]}, keys, "pairs", groups=lambda some: ["good", "good", "so so"])
    assert "3 pairs are of 2 groups that are not divided: too few to fill every split" in caplog.text
