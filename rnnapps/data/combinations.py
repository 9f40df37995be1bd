"""A split that tests combinations: each is new, all that it combines has been seen."""

from collections.abc import Iterable, Sequence, Set

from rnnapps.data.splits import DEFAULT_SHARES, Shares, split_of


def hold_out_combinations(
    examples: Sequence[tuple[str | None, Set[str]]], shares: Shares = DEFAULT_SHARES
) -> list[str]:
    """Assign examples to "train", "validation" or "test" so that what is held out combines known parts.

    A combination goes to a split as a whole, by the fixed hash of its name (`split_of`). A held-out one
    with a part that no training example has cannot be told from what was learned; it trains instead.

    Args:
        examples: for each the name of its combination, or None if it is none and only trains, and
            the parts that it combines; examples of a combination must not differ in parts that are
            rare.
        shares: of the combinations that are held out.
    """
    assigned = [split_of(name, shares) if name else "train" for name, _ in examples]
    known = _union(
        parts for split, (_, parts) in zip(assigned, examples, strict=True) if split == "train"
    )
    return [
        split if parts <= known else "train"
        for split, (_, parts) in zip(assigned, examples, strict=True)
    ]


def _union(sets: Iterable[Set[str]]) -> set[str]:
    return set().union(*sets)
