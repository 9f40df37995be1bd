"""Pieces of words to ids and back, for networks that write several characters at once (CTC)."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from rnnapps.data.text.alphabet import Alphabet

OF_WORDS = r"\p{L}\p{N}\p{M}'\u2019"  # as `rnnapps.inference.ctc_decoder` divides words
PARTS = rf"[{OF_WORDS}]+|[^{OF_WORDS}]"
LEAST_COUNT = 2  # of a pair that becomes a piece


class SubwordAlphabet(Alphabet):
    """The pieces of words that a network writes; single characters are among them. Id 0 is the blank.

    Byte-pair encoding (Sennrich et al. 2016) over characters. Spaces and all else that divides words are
    pieces of their own: each word has one spelling wherever it stands, that by which lexicons, grammars
    and the times of words know it.

    Args:
        pieces: all different.
        merges: pairs of pieces that become one, the first of them first.

    Raises:
        ValueError: a piece twice, or a merge of or to something that is no piece.
    """

    def __init__(self, pieces: Sequence[str], merges: Sequence[Sequence[str]]):
        super().__init__([one for one in pieces if len(one) == 1])
        self.characters = tuple(pieces)
        self.merges = tuple((first, second) for first, second in merges)
        self._ids = {piece: number for number, piece in enumerate(self.characters, start=1)}
        if len(self._ids) < len(self.characters):
            raise ValueError("an alphabet has a piece twice")
        if any(not {*pair, "".join(pair)} <= self._ids.keys() for pair in self.merges):
            raise ValueError("an alphabet has a merge of pieces that it lacks")

    @classmethod
    def learn_pieces(cls, texts: Sequence[str], size: int, known: Alphabet) -> "SubwordAlphabet":
        """Learn the pieces of words of texts.

        Args:
            texts: the same give the same pieces.
            size: pieces at most; single characters are among them, and of these come all.
            known: an alphabet that the network knows: of one of subwords the pieces stay as they are,
                and characters are added.
        """
        every = Alphabet.learn([*texts, known.letters])
        if isinstance(known, cls):
            new = [one for one in every.characters if one not in known.characters]
            return cls([*known.characters, *new], known.merges)
        tokenizer = _tokenizer(models.BPE())
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            initial_alphabet=list(every.characters),
            min_frequency=LEAST_COUNT,
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        learnt = json.loads(tokenizer.to_str())["model"]
        return cls(sorted(learnt["vocab"], key=learnt["vocab"].get), learnt["merges"])

    def encode(self, text: str) -> np.ndarray:
        """The ids of a text, int32 `(length,)`; unknown characters are left out."""
        return np.array(self._encoder.encode(text).ids, "int32")

    def to_dict(self) -> dict[str, Any]:
        """What a bundle keeps of it."""
        return {"subwords": {"pieces": self.characters, "merges": self.merges}}

    @cached_property
    def _encoder(self) -> Tokenizer:
        return _tokenizer(models.BPE(self._ids, list(self.merges)))


def _tokenizer(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PARTS), "isolated")
    return tokenizer
