"""Another segmentation of the same words in every epoch."""

import json
from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np

from rnnapps.data.text.sentence_encoder import SentenceEncoder
from rnnapps.data.text.text_encoder import TextEncoder

LONGEST = 100  # symbols of a word that is cut anew: the time grows with their square
VARIANTS = 16  # segmentations drawn of a word; a word that occurs less often needs fewer


class BPEDropout:
    """BPE-dropout (Provilkov et al. 2020): each merge is skipped with some probability.

    The tokenizers library has it without a seed, so that no run could be repeated; here the
    segmentations follow from the seed alone. Of each word up to `VARIANTS` are drawn beforehand, and
    every occurrence in every epoch takes one of them.

    Args:
        encoder: gives the merges and ids, and what of them the network reads.
        texts: what to encode.
        rate: probability of skipping a merge.
        seed: of the draws.
    """

    def __init__(
        self,
        encoder: TextEncoder | SentenceEncoder,
        texts: Sequence[str],
        rate: float,
        seed: int,
    ):
        self._encoder = encoder
        self._seed = seed
        tokenizer = encoder.tokenizer
        fold = tokenizer.normalizer.normalize_str if tokenizer.normalizer else str
        split = tokenizer.pre_tokenizer.pre_tokenize_str
        split_texts = [[word for word, _ in split(fold(text))] for text in texts]
        counts = Counter(word for words in split_texts for word in words)
        numbers = {word: number for number, word in enumerate(counts)}
        self._texts = [np.array([numbers[word] for word in words]) for words in split_texts]
        merges = json.loads(tokenizer.to_str())["model"]["merges"]
        ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
        ids = tokenizer.get_vocab()
        random = Random(seed)
        self._variants = [
            [
                [ids[symbol] for symbol in segment(word, ranks, rate, random)]
                for _ in range(min(VARIANTS, 4 * count))
            ]
            if len(word) <= LONGEST
            else [[ids[token.value] for token in tokenizer.model.tokenize(word)]]
            for word, count in counts.items()
        ]
        self._choices = np.array([len(variants) for variants in self._variants])

    def __call__(self, epoch: int) -> list[np.ndarray]:
        """The texts as int32 ids `(time,)`, segmented for this epoch."""
        random = np.random.default_rng((self._seed, epoch))
        sequences = []
        for words in self._texts:
            choices = random.integers(self._choices[words])
            ids = []
            for word, choice in zip(words.tolist(), choices.tolist(), strict=True):
                ids += self._variants[word][choice]
            sequences.append(self._encoder.finish(ids))
        return sequences


def segment(word: str, ranks: dict, rate: float, random: Random) -> list[str]:
    """Split a word by BPE, skipping each merge with probability `rate` whenever it is considered."""
    symbols = list(word)
    while len(symbols) > 1:
        best, position = None, -1
        for i in range(len(symbols) - 1):
            rank = ranks.get((symbols[i], symbols[i + 1]))
            if rank is not None and (best is None or rank < best) and random.random() >= rate:
                best, position = rank, i
        if best is None:
            break
        symbols[position : position + 2] = [symbols[position] + symbols[position + 1]]
    return symbols
