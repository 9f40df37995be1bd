"""A fixed split of examples into train, valid and test parts."""

import hashlib
import unicodedata

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
