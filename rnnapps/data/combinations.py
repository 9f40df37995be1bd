"""A split that tests combinations: each is new, all that it combines has been seen."""

from collections.abc import Iterable, Sequence, Set

from rnnapps.data.splits import TEST_SHARE, VALID_SHARE, split_of


def hold_out_combinations(
    examples: Sequence[tuple[str | None, Set[str]]],
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
) -> list[str]:
    """Assign examples to "train", "valid" or "test" so that what is held out combines known parts.

    A combination goes to a part as a whole, by the fixed hash of its name (`split_of`). A held-out one
    with a part that no training example has cannot be told from what was learned; it trains instead.

    Args:
        examples: for each the name of its combination, or None if it is none and only trains, and
            the parts that it combines; examples of a combination must not differ in parts that are
            rare.
    """
    assigned = [split_of(name, test_share, valid_share) if name else "train" for name, _ in examples]
    known = _union(parts for part, (_, parts) in zip(assigned, examples, strict=True) if part == "train")
    return [
        part if parts <= known else "train" for part, (_, parts) in zip(assigned, examples, strict=True)
    ]


def _union(sets: Iterable[Set[str]]) -> set[str]:
    return set().union(*sets)
