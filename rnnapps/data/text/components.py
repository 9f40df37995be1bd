"""Pairs of sentences that belong together because they share a sentence."""

from collections.abc import Sequence


def component_keys(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The connected component of each pair, where pairs are edges between sentences.

    A component is named by its smallest sentence, so that its name does not depend on the order of
    the pairs, nor on the direction of translation.

    Args:
        pairs: sentences as `rnnapps.data.splits.content_key` has them.
    """
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents[key] != key:
            parents[key] = key = parents[parents[key]]  # halves the way for the next time
        return key

    for pair in pairs:
        first, second = sorted(root(parents.setdefault(key, key)) for key in pair)
        parents[second] = first
    return [root(key) for key, _ in pairs]
