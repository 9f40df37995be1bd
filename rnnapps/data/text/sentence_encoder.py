"""Sentences to token ids and back, for networks that read and write them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from rnnapps.data.text.subwords import PAD, learn_subwords
from rnnapps.data.text.tokenizer_file import read_tokenizer
from rnnapps.data.text.word_vocabulary import learn_words

START, END = 1, 2  # ids
SPECIAL = (PAD, "<s>", "</s>")


class SentenceEncoder:
    """Byte-level subwords with a start and an end token; decoding gives the very sentence back.

    Args:
        tokenizer: a tokenizer of the library `tokenizers`, with the tokens of `SPECIAL` at 0, 1, 2.
    """

    def __init__(self, tokenizer: Tokenizer):
        tokenizer.encode_special_tokens = True  # a sentence that says "</s>" is a text, not its end
        self.tokenizer = tokenizer

    @classmethod
    def learn(cls, sentences: Iterable[str], vocabulary: int) -> "SentenceEncoder":
        """Learn the merges from sentences; the same sentences give the same encoder."""
        return cls(learn_subwords(sentences, vocabulary, SPECIAL))

    @classmethod
    def load(cls, file: Path) -> "SentenceEncoder":
        """Read the file that `save` wrote.

        Raises:
            ValueError: it is none.
        """
        forms = [learn_subwords((), 0, SPECIAL), learn_words((), 1, SPECIAL)]
        return cls(read_tokenizer(file, forms))

    def save(self, file: Path) -> None:
        file.write_text(self.tokenizer.to_str(pretty=False), encoding="utf-8")

    @property
    def size(self) -> int:
        """Number of ids, the special ones' included."""
        return self.tokenizer.get_vocab_size()

    def encode(self, sentences: Sequence[str]) -> list[np.ndarray]:
        """Each sentence as int32 ids `(time,)`, the end token included."""
        encodings = self.tokenizer.encode_batch(list(sentences), add_special_tokens=False)
        return [self.finish(encoding.ids) for encoding in encodings]

    def finish(self, ids: Sequence[int]) -> np.ndarray:
        """The ids with the end token, int32 `(time,)`."""
        return np.array([*ids, END], dtype="int32")

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of ids, without the white space around it."""
        return self.tokenizer.decode(list(ids)).strip()
