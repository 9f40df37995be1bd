"""The characters that a network is trained to write."""

import logging
from collections.abc import Mapping, Sequence

from rnnapps.data.splits import SPLITS
from rnnapps.data.text.alphabet import Alphabet
from rnnapps.data.text.subword_alphabet import SubwordAlphabet

log = logging.getLogger(__name__)

NAMED = 20  # unknown characters


def learnt_alphabet(
    texts: Mapping[str, Sequence[str]],
    known: Alphabet | None = None,
    right_to_left: bool = False,
    subwords: int = 0,
) -> Alphabet:
    """The characters of training texts; those of held-out ones that are not among them are logged.

    Args:
        texts: by split.
        known: what the network could write before, which it still can.
        right_to_left: see `Alphabet`.
        subwords: pieces of words at most, of a network that writes them; 0: it writes characters.
    """
    known = known or Alphabet(())
    alphabet = (
        SubwordAlphabet.learn_pieces(texts["train"], subwords, known)
        if subwords
        else Alphabet.learn([*texts["train"], known.letters], right_to_left)
    )
    log.info("%d characters: %s", len(alphabet.letters), alphabet.letters)
    if subwords:
        log.info("%d subwords, these among them", alphabet.size - 1)
    for split in SPLITS[1:]:
        if unknown := alphabet.unknown(texts[split]):
            named = ", ".join(f"{one!r} {count}" for one, count in unknown.most_common(NAMED))
            log.warning(
                "%d characters of the %s texts are in no training text and cannot be written: %s%s",
                *(unknown.total(), split, named, ", ..." if len(unknown) > NAMED else ""),
            )
    return alphabet
