"""A fixed split of examples into train, valid and test parts."""

import hashlib
import logging
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")

TEST_SHARE = 0.2
VALID_SHARE = 0.1


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


def split_of(key: str, test_share: float = TEST_SHARE, valid_share: float = VALID_SHARE) -> str:
    """Assign an example to "train", "valid" or "test" by the SHA-256 of its content or group.

    The assignment depends on nothing else: equal keys never part, a seed does not move a row, and
    neither does adding rows.
    """
    position = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    if position < test_share:
        return "test"
    return "valid" if position < test_share + valid_share else "train"


def leave_out_copies(
    parts: dict[str, list[tuple[Sequence[str], Item]]], message: str
) -> dict[str, list[Item]]:
    """The items of each part, without those that share a key with an item of a later part.

    Args:
        parts: the keys of each item, and the item; training first, then what is held out.
        message: logged with how many items of which part were left out, `%d` and `%s`.
    """
    kept: dict[str, list[Item]] = {}
    later: set[str] = set()
    for part in reversed(parts):
        kept[part] = [item for keys, item in parts[part] if later.isdisjoint(keys)]
        if copies := len(parts[part]) - len(kept[part]):
            log.info(message, copies, part)
        for keys, _ in parts[part]:
            later.update(keys)
    return {part: kept[part] for part in parts}
