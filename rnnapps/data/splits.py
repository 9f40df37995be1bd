"""A fixed split of examples into train, validation and test."""

import hashlib
import logging
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {  # what sources call them; restval is more to train on, of COCO as Karpathy divided it
    "train": "train",
    "restval": "train",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
}


class Shares(NamedTuple):
    """The shares of the training examples that a source without these splits gives to them."""

    test: float
    validation: float


DEFAULT_SHARES = Shares(test=0.2, validation=0.1)


def content_key(text: str) -> str:
    """What two texts share if they are the same but for case, punctuation and spacing."""
    text = unicodedata.normalize("NFC", text)
    return " ".join(text.lower().translate(_LETTERS).split()) or text.strip()


class _Letters(dict):
    """For `str.translate`: letters, digits and marks stay, anything else becomes a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        # Marks are letters of many scripts, though the `\w` of regular expressions leaves them out.
        keep = character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
        self[code] = character if keep else " "
        return self[code]


_LETTERS = _Letters()


def split_of(key: str, shares: Shares = DEFAULT_SHARES) -> str:
    """Assign an example to "train", "validation" or "test" by the SHA-256 of its content or group.

    The assignment depends on nothing else: equal keys are never separated, a seed does not move a row,
    and neither does adding rows.
    """
    position = _position(key)
    if position < shares.test:
        return "test"
    return "validation" if position < shares.test + shares.validation else "train"


def _position(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_groups(names: Iterable[str], shares: Shares = DEFAULT_SHARES) -> dict[str, str]:
    """Assign groups of examples, such as speakers, to splits so that none is empty.

    They go by their hash (`split_of`). A split that this leaves without any, as it may where they are
    few, gets one from the split with the most: the smallest, or to train on, the largest. Fewer groups
    than splits go by their hash alone.

    Args:
        names: the group of each example.
        shares: of the splits; one whose share is 0 stays empty.
    """
    sizes = Counter(names)
    split_by_group = {name: split_of(name, shares) for name in sizes}
    wanted = [split for split in SPLITS if getattr(shares, split, 1)]  # always the training split
    for split in reversed(wanted) if len(sizes) >= len(wanted) else ():
        if split in split_by_group.values():
            continue
        groups = [[name for name in sizes if split_by_group[name] == one] for one in wanted]
        most = max(groups, key=len)
        by_size = sorted(most, key=lambda name: (sizes[name], _position(name)))
        split_by_group[by_size[-1 if split == "train" else 0]] = split
    return split_by_group


def divide(
    given: Mapping[str, Sequence[Item]],
    keys: Callable[[Item], Sequence[str]],
    what: str,
    shares: Shares = DEFAULT_SHARES,
    groups: Callable[[Sequence[Item]], Sequence[str]] | None = None,
) -> dict[str, list[Item]]:
    """Give a source the splits "train", "validation" and "test", of which no two share a key.

    A split that the source has stays as it is, an empty one too. One that it lacks takes its share of
    the training examples, by the fixed hash of their group (`split_groups`). An example that shares a
    key with one of a later split is left out and counted: the network would be tested on what it was
    trained on.

    Args:
        given: the examples by split, as the source has them.
        keys: what of an example must not stand in two splits, such as its text.
        what: the examples are called, in the plural.
        shares: of the splits that are not given.
        groups: of each training example the group that must not be divided, such as its speaker; by
            default its first key.
    """
    divided = {split: list(given.get(split, ())) for split in SPLITS}
    lacking = Shares(
        test=0.0 if "test" in given else shares.test,
        validation=0.0 if "validation" in given else shares.validation,
    )
    if any(lacking):
        train, divided["train"] = divided["train"], []
        names = groups(train) if groups else [keys(item)[0] for item in train]
        split_by_group = split_groups(names, lacking)
        if 0 < len(split_by_group) <= sum(share > 0 for share in lacking):
            log.info(
                "%d %s are of %d groups that are not divided: too few to fill every split",
                *(len(train), what, len(split_by_group)),
            )
        for name, item in zip(names, train, strict=True):
            divided[split_by_group[name]].append(item)
    return _without_copies(divided, keys, what)


def _without_copies(
    splits: dict[str, list[Item]], keys: Callable[[Item], Sequence[str]], what: str
) -> dict[str, list[Item]]:
    kept: dict[str, list[Item]] = {}
    later: set[str] = set()
    for split in reversed(splits):
        keyed = [(keys(item), item) for item in splits[split]]
        kept[split] = [item for some, item in keyed if later.isdisjoint(some)]
        if copies := len(keyed) - len(kept[split]):
            log.info(
                "%d %s %s left out: the same content stands in a held-out split too", copies, split, what
            )
        for some, _ in keyed:
            later.update(some)
    return {split: kept[split] for split in splits}
