"""The characters that a network is trained to write."""

import logging
from collections.abc import Mapping, Sequence

from rnnapps.data.splits import SPLITS
from rnnapps.data.text.alphabet import Alphabet

log = logging.getLogger(__name__)

NAMED = 20  # unknown characters


def learnt_alphabet(
    texts: Mapping[str, Sequence[str]], known: Sequence[str] = (), right_to_left: bool = False
) -> Alphabet:
    """The characters of training texts; those of held-out ones that are not among them are logged.

    Args:
        texts: by split.
        known: characters that the network could write before, which it still can.
        right_to_left: see `Alphabet`.
    """
    alphabet = Alphabet.learn([*texts["train"], "".join(known)], right_to_left)
    log.info("%d characters: %s", alphabet.size - 1, "".join(alphabet.characters))
    for split in SPLITS[1:]:
        if unknown := alphabet.unknown(texts[split]):
            named = ", ".join(f"{one!r} {count}" for one, count in unknown.most_common(NAMED))
            log.warning(
                "%d characters of the %s texts are in no training text and cannot be written: %s%s",
                *(unknown.total(), split, named, ", ..." if len(unknown) > NAMED else ""),
            )
    return alphabet
