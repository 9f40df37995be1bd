"""A fixed split of examples into train, valid and test parts."""

import hashlib
import unicodedata

TEST_SHARE = 0.2
VALID_SHARE = 0.1


def content_key(text: str) -> str:
    """What two texts share if they are the same but for case, punctuation and spacing."""
    text = unicodedata.normalize("NFC", text)
    # Marks are letters of many scripts, though `\w` leaves them out.
    kept = (
        c if c.isalnum() or c == "_" or unicodedata.category(c)[0] == "M" else " " for c in text.lower()
    )
    return " ".join("".join(kept).split()) or text.strip()


def split_of(key: str, test_share: float = TEST_SHARE, valid_share: float = VALID_SHARE) -> str:
    """Assign an example to "train", "valid" or "test" by the SHA-256 of its content or group.

    The assignment depends on nothing else: equal keys never part, a seed does not move a row, and
    neither does adding rows.
    """
    position = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    if position < test_share:
        return "test"
    return "valid" if position < test_share + valid_share else "train"
