"""Tokens put together again to the words that people see."""

import re
import unicodedata
from collections.abc import Sequence

from tokenizers import Tokenizer

# Thai to Khmer, Japanese and Chinese, which have no spaces.
SPACELESS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_SPACELESS = re.compile(f"[{SPACELESS}]")


def words(tokenizer: Tokenizer, ids: Sequence[int]) -> list[tuple[str, list[int]]]:
    """The words of tokens, each with the positions of its tokens.

    A tokenizer without a decoder has words for tokens (`rnnapps.data.text.word_vocabulary`). Of
    byte-level subwords, tokens that are only a part of a character stand together; a mark of punctuation
    is a word; of scripts without spaces each token is; a special token is one too.
    """
    if tokenizer.decoder is None:
        return [(tokenizer.id_to_token(token) or "", [place]) for place, token in enumerate(ids)]
    found: list[tuple[str, list[int]]] = []
    pending: list[int] = []
    for position in range(len(ids)):
        pending.append(position)
        piece = tokenizer.decode([ids[i] for i in pending], skip_special_tokens=False)
        if ("\ufffd" in piece or not piece.strip()) and position + 1 < len(ids):
            continue  # half a character, or the space before a word
        if found and _continues(found[-1][0], piece):
            word, positions = found.pop()
            found.append((word + piece, positions + pending))
        else:
            found.append((piece.strip(), pending))
        pending = []
    return found


def _continues(word: str, piece: str) -> bool:
    """Whether a piece goes on with a word."""
    return bool(word) and _of_word(word[-1]) and _of_word(piece[0])


def _of_word(character: str) -> bool:
    letter = character.isalnum() or unicodedata.category(character)[0] == "M"
    return letter and not _SPACELESS.match(character)
