"""Pretrained word vectors for a vocabulary of subwords or words."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from rnnapps.errors import UserError

log = logging.getLogger(__name__)


def read_embeddings(file: str, tokenizer: Tokenizer, size: int, seed: int) -> np.ndarray:
    """Start an embedding matrix from a text file of word vectors: see `embed_words`.

    Both word2vec's text format (with a first line "count size") and GloVe's (without) are read.

    Args:
        file: path of the vectors, a line a word: the word and `size` numbers.
        tokenizer: gives the tokens their ids.
        size: units of the embedding.
        seed: of the random vectors.

    Returns:
        float32 `(vocabulary, size)`.

    Raises:
        UserError: no such file, vectors of another size, or no token found in it.
    """
    vectors = _read(file, size, set(_words(tokenizer)))
    if not vectors:
        raise UserError(f"{file}: none of the {tokenizer.get_vocab_size()} tokens has a vector in it")
    if not all(np.isfinite(vector).all() for vector in vectors.values()):
        raise UserError(f"{file}: a vector has numbers that are NaN or infinite")
    return embed_words(vectors, tokenizer, size, seed, file)


def embed_words(
    vectors: Mapping[str, np.ndarray], tokenizer: Tokenizer, size: int, seed: int, name: str
) -> np.ndarray:
    """Start an embedding matrix from the vectors of words.

    A token that is a whole word takes its vector; the rest stay random, with the standard deviation of
    those found.

    Args:
        vectors: float32 `(size,)` of each word.
        tokenizer: gives the tokens their ids.
        size: units of the embedding.
        seed: of the random vectors.
        name: of the vectors, for the log.

    Returns:
        float32 `(vocabulary, size)`.
    """
    words = _words(tokenizer)
    found = [identity for identity, word in enumerate(words) if word in vectors]
    log.info("%s: vectors for %d of %d tokens", name, len(found), len(words))
    known = np.array([vectors[words[identity]] for identity in found], "float32").reshape(-1, size)
    spread = known.std() if found else 0.05  # as Keras starts an embedding
    matrix = np.random.default_rng(seed).normal(0, spread, (len(words), size)).astype("float32")
    matrix[found] = known
    return matrix


def _words(tokenizer: Tokenizer) -> list[str]:
    """What each token says; " good" and "good" are two tokens of one word, and padding says nothing."""
    tokens = range(1, tokenizer.get_vocab_size())
    return ["", *(tokenizer.decode([identity]).strip() for identity in tokens)]


def _read(file: str, size: int, wanted: Collection[str]) -> dict[str, np.ndarray]:
    vectors = {}
    try:
        with Path(file).open(encoding="utf-8", errors="strict") as lines:
            for number, line in enumerate(lines, start=1):
                word, *values = line.rstrip().rsplit(" ", size)  # a word may hold spaces
                if number == 1 and line.count(" ") == 1:
                    continue
                if len(values) != size:
                    raise UserError(
                        f"{file}:{number}: a vector of {len(values)} numbers, but "
                        f"--embedding-size is {size}"
                    )
                if word in wanted:
                    vectors[word] = np.array(values, dtype="float32")
    except FileNotFoundError:
        raise UserError(f"{file}: no such file of word vectors") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{file}: not a text file of word vectors: {error}") from None
    return vectors
