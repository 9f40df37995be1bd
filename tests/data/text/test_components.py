from random import Random

from rnnapps.data.text.components import component_keys


def test_pairs_that_share_a_sentence_are_one_component():
    pairs = [("go", "va"), ("hi", "salut"), ("leave", "va"), ("leave", "pars"), ("yes", "oui")]
    assert component_keys(pairs) == ["go", "hi", "go", "go", "oui"]


def test_neither_order_nor_direction_matters():
    random = Random(0)
    pairs = [(f"a{random.randrange(300)}", f"b{random.randrange(300)}") for _ in range(200)]
    keys = dict(zip(pairs, component_keys(pairs), strict=True))
    assert 1 < len(set(keys.values())) < 200
    random.shuffle(pairs)
    assert component_keys(pairs) == [keys[pair] for pair in pairs]
    assert component_keys([pair[::-1] for pair in pairs]) == [keys[pair] for pair in pairs]


def test_a_long_chain():
    pairs = [(f"{n:05}", f"{n + 1:05}") for n in range(20_000)]
    assert set(component_keys(pairs)) == {"00000"}


def test_no_pairs():
    assert component_keys([]) == []
