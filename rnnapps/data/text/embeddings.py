"""Pretrained word vectors for a vocabulary of subwords."""

import logging
from collections import defaultdict
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from rnnapps.errors import UserError

log = logging.getLogger(__name__)


def read_embeddings(file: str, tokenizer: Tokenizer, size: int, seed: int) -> np.ndarray:
    """Start an embedding matrix from a text file of word vectors.

    A token that is a whole word of the file takes its vector; the rest stay random, with the
    standard deviation of those found. Both word2vec's text format (with a first line "count size")
    and GloVe's (without) are read.

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
    ids = defaultdict(list)  # " good" and "good" are two tokens of one word
    vocabulary = tokenizer.get_vocab_size()
    for identity in range(1, vocabulary):
        ids[tokenizer.decode([identity]).strip()].append(identity)
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
                for identity in ids.get(word, ()):
                    vectors[identity] = np.array(values, dtype="float32")
    except FileNotFoundError:
        raise UserError(f"{file}: no such file of word vectors") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{file}: not a text file of word vectors: {error}") from None
    if not vectors:
        raise UserError(f"{file}: none of the {vocabulary} tokens has a vector in it")
    found = np.stack(list(vectors.values()))
    if not np.isfinite(found).all():
        raise UserError(f"{file}: a vector has numbers that are NaN or infinite")
    log.info("%s: vectors for %d of %d tokens", file, len(vectors), vocabulary)
    matrix = np.random.default_rng(seed).normal(0, found.std(), (vocabulary, size))
    matrix = matrix.astype("float32")
    matrix[list(vectors)] = found
    return matrix
